/**
 * Rollouts to look at without an afternoon to wait: a real store with simulated evidence, a judge
 * that judges it, and a desk that answers as the orchestrator does. The screenshots and the
 * dashboard's tests are made on it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../bench/judge/random.js';
import { simulateRss } from '../bench/judge/rss.js';
import { simulateCalls } from '../bench/judge/traffic.js';
import { defaultService } from '../config/resolve.js';
import type { ServiceConfig } from '../config/types.js';
import type { RolloutView, ServiceView, TrackView } from '../orchestrator/control/messages.js';
import { endedView, serviceView } from '../orchestrator/control/views.js';
import type { LogFilesReply } from '../orchestrator/control/log-files.js';
import type { Desk } from '../orchestrator/dashboard/desk.js';
import { createJudge } from '../orchestrator/judge/judge.js';
import type { Assessment, CallEvent, EvidenceEvent } from '../orchestrator/judge/types.js';
import { newCursor } from '../orchestrator/monitor/cursor.js';
import { rolloutEvent } from '../orchestrator/monitor/trial.js';
import { newRollout } from '../orchestrator/rollout/new-rollout.js';
import type { Phase } from '../orchestrator/rollout/phase.js';
import { rule } from '../orchestrator/rollout/requests.js';
import type { RequestKind, Rollout } from '../orchestrator/rollout/rollout.js';
import { Store } from '../orchestrator/store/store.js';
import { exhibitPlans, type Plans } from './exhibit-plans.js';
import { writeLogs } from './exhibit-logs.js';

export const MINUTE_MS = 60_000;
const TOOLS = ['fetch', 'search', 'screenshot', 'extract', 'crawl', 'summarize'];
const LIMIT_BYTES = 380e6;
const WINDOW_MS = 120 * MINUTE_MS;

/** A rollout as it shall have gone. */
export interface Story {
  readonly service: string;
  readonly number: number;
  readonly startedAtMs: number;
  /** How long it is watched, unless a check fails before. */
  readonly seenMs: number;
  /** The canary's error ratio; stable's is 1 %. */
  readonly errorRate: number;
  /** What the canary's memory grows by. */
  readonly bytesPerHour: number;
  /** What the tools are called, if not as usual. */
  readonly tools?: readonly string[];
  /** `by-verdict`: promoted, or rolled back when a check fails. */
  readonly ends: 'by-verdict' | 'not-yet';
}

export interface Exhibit {
  readonly store: Store;
  readonly desk: Desk;
  /** What the processes of every service print. */
  readonly logs: LogFilesReply;
  /** What was asked for by `steer` and `start`, in order. */
  readonly asked: readonly string[];
  /** Adds what was seen of a rollout since. */
  add(rollout: string, events: readonly EvidenceEvent[]): void;
  /** Takes orders back: what was under way is as it was, and nothing was asked. */
  restore(): void;
  dispose(): void;
}

/** Opens a store in a temporary folder and plays the stories into it. */
export function openExhibit(stories: readonly Story[]): Exhibit {
  const dir = mkdtempSync(join(tmpdir(), 'canary-exhibit-'));
  const store = Store.open(join(dir, 'rollouts.db'));
  const assessments = new Map<string, Assessment>();
  for (const story of stories) assessments.set(idOf(story), play(store, story));
  const begun = store.active();
  const asked: string[] = [];
  const logs = writeLogs(dir);
  return {
    store,
    desk: deskOver({ store, assessments, asked, logs, plans: exhibitPlans(Date.now()) }),
    logs,
    asked,
    add: (rollout, events) => store.addEvidence(rollout, events, newCursor),
    restore: () => {
      for (const rollout of begun) store.update(rollout);
      asked.length = 0;
    },
    dispose: () => {
      store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function idOf({ service, number }: Story): string {
  return `${service}-${number}`;
}

/** The configuration of a service of the exhibit. */
export function exhibitService(name: string): ServiceConfig {
  const at = (port: number) => ({ host: '127.0.0.1', port });
  const defaults = defaultService();
  const memory = { ...defaults.judge.memory, maxRssBytes: LIMIT_BYTES };
  return {
    ...defaults,
    name,
    app: name,
    canaryApp: `${name}-canary`,
    listen: at(8_000),
    stable: at(8_001),
    canary: at(8_002),
    baseline: null,
    judge: { ...defaults.judge, memory },
  };
}

function play(store: Store, story: Story): Assessment {
  const rollout = rolloutOf(story);
  const { startedAtMs } = story;
  store.insert(rollout, story.number);
  const judge = createJudge(rollout.config.judge);
  judge.add(rolloutEvent(rollout));
  const events = evidenceOf(story, rollout.config);
  for (const event of events) judge.add(event);
  const assessment = judge.assess(startedAtMs + story.seenMs);
  const failedAtMs = assessment.checks.find(({ state }) => state === 'fail')?.failedAtMs;
  const endMs = failedAtMs ?? startedAtMs + story.seenMs;
  const seen = events.filter((event) => 'atMs' in event && event.atMs <= endMs);
  store.addEvidence(rollout.id, seen, newCursor);
  const moves = movesOf(story, {
    startedAtMs,
    endMs,
    failed: failedAtMs !== undefined,
    assessment,
  });
  let from = rollout.phase;
  for (const [to, reason, atMs, judged] of moves) {
    const endedAtMs = to.kind === 'promoted' || to.kind === 'rolled-back' ? atMs : null;
    const entry = { atMs, from, to, reason, assessment: judged };
    store.update({ ...rollout, phase: to, endedAtMs }, entry);
    from = to;
  }
  return assessment;
}

type PlayedMove = readonly [to: Phase, reason: string, atMs: number, judged: Assessment | null];

interface Played {
  readonly startedAtMs: number;
  readonly endMs: number;
  readonly failed: boolean;
  readonly assessment: Assessment;
}

function movesOf(
  { ends }: Story,
  { startedAtMs, endMs, failed, assessment }: Played,
): PlayedMove[] {
  const observing: Phase = { kind: 'observing', step: 0, endsAtMs: startedAtMs + WINDOW_MS };
  const begun: PlayedMove = [observing, 'the canary is ready', startedAtMs + 4_000, null];
  if (ends === 'not-yet') return [begun];
  if (failed) {
    const cause = `${assessment.check ?? ''}: ${assessment.reason}`;
    const removing = { kind: 'rolling-back', mainTouched: false, stage: 'removing' } as const;
    return [
      begun,
      [{ ...removing, cause }, cause, endMs, assessment],
      [{ kind: 'rolled-back', cause }, 'all traffic is on main', endMs + 3_000, null],
    ];
  }
  const bakedMs = endMs + 10 * MINUTE_MS;
  return [
    begun,
    [
      { kind: 'promoting', stage: 'leaving-main', deadlineMs: 0 },
      'every check passes',
      endMs,
      assessment,
    ],
    [
      { kind: 'baking', startedAtMs: endMs, endsAtMs: bakedMs },
      'main runs the new release',
      endMs + 40_000,
      null,
    ],
    [{ kind: 'promoted' }, 'main has baked, the canary is removed', bakedMs, null],
  ];
}

function rolloutOf({ service, number, startedAtMs }: Story): Rollout {
  const spec = {
    script: 's',
    cwd: '/',
    interpreter: 'node',
    interpreterArgs: [],
    args: [],
    env: {},
  };
  const config = exhibitService(service);
  return newRollout(
    { config, oldSpec: spec, newSpec: spec, change: {}, release: null, suite: null },
    { number, startedBy: 'a person', startedAtMs, unique: 'exhibit' },
  );
}

/** What would have been seen, in order of time. */
function evidenceOf(story: Story, { steps: [step] }: ServiceConfig): EvidenceEvent[] {
  const { startedAtMs, seenMs, errorRate, bytesPerHour, number, tools = TOOLS } = story;
  const weight = step?.weight ?? 0.1;
  const random = new Random(number);
  const calls = simulateCalls(
    {
      windowMs: seenMs,
      sessionsPerHour: 300,
      callsPerSession: 20,
      sessionMs: 10 * MINUTE_MS,
      weight: () => weight,
      tool: (draw) => Math.floor(draw.uniform() * tools.length),
      errorRate: (canary) => (canary ? errorRate : 0.01),
      concentration: 5,
      failure: (propensity) => propensity,
      latencyMs: (draw) => 80 * Math.exp(0.6 * draw.normal()),
    },
    random,
  );
  const samples = simulateRss(
    {
      windowMs: seenMs,
      sessionsPerHour: 300,
      weight,
      baseBytes: 182e6,
      extraBytes: ({ atMs, canary }) => (canary ? (bytesPerHour * atMs) / (60 * MINUTE_MS) : 0),
    },
    random,
  );
  return [...calls, ...samples]
    .sort((a, b) => a.atMs - b.atMs)
    .map((event) => {
      const atMs = event.atMs + startedAtMs;
      return event.type === 'call'
        ? { ...event, atMs, tool: nameOf(event, tools) }
        : { ...event, atMs };
    });
}

function nameOf({ tool }: CallEvent, tools: readonly string[]): string {
  return tools[Number(tool.replace('tool-', ''))] ?? tool;
}

interface DeskParts {
  readonly store: Store;
  readonly assessments: ReadonlyMap<string, Assessment>;
  readonly asked: string[];
  readonly logs: LogFilesReply;
  readonly plans: Plans;
}

function deskOver({ store, assessments, asked, logs, plans }: DeskParts): Desk {
  const view = (rollout: Rollout): RolloutView => {
    const ended = endedView(rollout, { transitions: store.transitions(rollout.id), release: null });
    if (rollout.endedAtMs !== null) return ended;
    const assessment = assessments.get(rollout.id) ?? null;
    return { ...ended, assessment, tracks: tracksOf(store, rollout) };
  };
  const services = (): ServiceView[] => {
    const names = [...new Set(store.recent(null, 100).map(({ service }) => service))].sort();
    return names.map((name) => {
      const [newest] = store.recent(name, 1);
      return serviceView(exhibitService(name), newest === undefined ? null : view(newest));
    });
  };
  const up = { up: true, reason: null };
  return {
    status: () => Promise.resolve({ services: services(), pm2: up, proxy: up }),
    history: (name, limit) => {
      return { ok: true, value: { rollouts: store.recent(name, limit).map(view) } };
    },
    rollout: (id) => {
      const rollout = store.byId(id);
      if (rollout !== null) return { ok: true, value: view(rollout) };
      return { ok: false, code: 'usage', message: `there is no rollout ${id}` };
    },
    runs: { recent: () => ({ ok: true, value: { runs: plans.runs } }) },
    scheduler: { list: () => ({ schedules: plans.schedules }) },
    logFiles: () => Promise.resolve({ ok: true, value: logs }),
    steer: (name, kind, reason) => {
      asked.push(`${kind} ${name}${reason === null ? '' : `: ${reason}`}`);
      const [rollout] = store.recent(name, 1);
      if (rollout === undefined) return { ok: false, code: 'refused', message: 'no rollout' };
      obey(store, rollout, kind, reason);
      return { ok: true, value: view(store.byId(rollout.id) ?? rollout) };
    },
    start: (name, { dryRun, ...wishes }) => {
      asked.push(`${dryRun ? 'plan' : 'start'} ${name} ${JSON.stringify(wishes)}`);
      const plan = planFor(exhibitService(name));
      const [rollout] = store.recent(name, 1);
      if (dryRun || rollout === undefined) return Promise.resolve({ ok: true, value: { plan } });
      return Promise.resolve({ ok: true, value: { plan, rollout: view(rollout) } });
    },
  };
}

/** Only a pause shows: it is the order that needs no processes. */
function obey(store: Store, rollout: Rollout, kind: RequestKind, reason: string | null): void {
  if (kind !== 'pause' || rule(rollout.phase, kind) !== 'take') return;
  const step = 'step' in rollout.phase ? rollout.phase.step : 0;
  const to: Phase = { kind: 'held', why: 'paused', step, remainingMs: 0, deadlineMs: null };
  const atMs = rollout.startedAtMs + 80 * MINUTE_MS;
  const why = `a person paused it${reason === null ? '' : `: ${reason}`}`;
  store.update(
    { ...rollout, phase: to },
    { atMs, from: rollout.phase, to, reason: why, assessment: null },
  );
}

function planFor({ name, app, canaryApp, canary, steps, bakeMs }: ServiceConfig) {
  const change = { field: 'cwd', before: '/srv/scraper-1.3.0', after: '/srv/scraper-1.4.0' };
  const port = { field: 'env.PORT', before: '(set)', after: '(changed)' };
  return {
    service: name,
    app,
    canaryApp,
    canaryPort: canary.port,
    baselineApp: null,
    steps,
    promote: 'auto',
    promoteByMs: null,
    onDeadline: 'rollback',
    bakeMs,
    smoke: null,
    contract: null,
    canaryDiffers: [change, port],
    mainChanges: [change],
    release: null,
    unchanged: false,
    warnings: [],
  } as const;
}

function tracksOf(store: Store, rollout: Rollout): NonNullable<RolloutView['tracks']> {
  const weight = rollout.config.steps[0]?.weight ?? 0;
  const stable = { ...NO_TRACK, pid: 4_242, sessions: 46, streams: 31, weight: 1 - weight };
  const canary = { ...NO_TRACK, pid: 5_150, sessions: 5, inFlight: 1, streams: 4, weight };
  const tracks = { stable, canary };
  for (const event of store.evidence(rollout.id)) {
    if (!('track' in event) || event.track === 'baseline') continue;
    const track = tracks[event.track];
    if (event.type === 'process') track.rssBytes = event.rssBytes;
    if (event.type !== 'call') continue;
    track.calls += 1;
    if (event.outcome !== 'ok') track.errors += 1;
  }
  return { ...tracks, baseline: null };
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const NO_TRACK: Writable<TrackView> = {
  pid: null,
  status: 'online',
  restarts: 0,
  rssBytes: null,
  weight: 0,
  sessions: 0,
  inFlight: 0,
  streams: 0,
  calls: 0,
  errors: 0,
  placedCalls: 0,
};
