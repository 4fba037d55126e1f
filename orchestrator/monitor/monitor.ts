/**
 * Collects a rollout's evidence: the calls that the proxy saw end, the memory of the process
 * trees, exits nobody ordered, error lines in the apps' logs, the operator's own checks. It stores
 * all it sees and feeds the judge.
 *
 * 1. What is judged is what is stored: after a restart the judge is rebuilt from the store.
 * 2. How far a source was read is stored together with what was read, and only then taken for read.
 * 3. While main bakes, main is what is judged: its events take the canary's place.
 */
import type { Clock } from '../../common/clock.js';
import type { Route, Track } from '../../common/protocol.js';
import { CheckRunner, type Measure } from '../checks/runner.js';
import { createJudge } from '../judge/judge.js';
import type {
  Assessment,
  CallEvent,
  EvidenceEvent,
  Judge,
  LogEvent,
  ProcessEvent,
  RolloutEvent,
  WeightEvent,
} from '../judge/types.js';
import type { ProxyClient } from '../proxy-client.js';
import type { Look, TrackLook } from '../rollout/look.js';
import type { Phase } from '../rollout/phase.js';
import type { Rollout } from '../rollout/rollout.js';
import type { Store } from '../store/store.js';
import { readCounters, type ProxyCursor } from './counters.js';
import { newCursor, type MonitorCursor } from './cursor.js';
import { noDeeds, readDaemonLog, type DaemonDeeds } from './daemon-log.js';
import { countErrorLines, passOver, type LogMarks } from './error-lines.js';
import { appsOf, noLives, readLives, type DaemonUp, type Lives } from './lives.js';
import { rolloutEvent } from './trial.js';

const PAGE_CALLS = 5_000;
/** Bounds one look; what is left over is read by the next. */
const MAX_PAGES = 20;

export interface MonitorParts {
  readonly store: Store;
  readonly proxy: ProxyClient;
  /** PM2_HOME. */
  readonly pm2Home: string;
  /** Measures the operator's own checks. */
  readonly measure: Measure;
  readonly clock: Clock;
}

/** What a source gave, and how far it is read with that. */
interface Reading<T, C> {
  readonly events: readonly T[];
  readonly cursor: C;
}

export class Monitor {
  readonly #parts: MonitorParts;
  readonly #rolloutId: string;
  readonly #patterns: readonly RegExp[];
  readonly #checks: CheckRunner;
  #cursor: MonitorCursor;
  #lives = noLives;
  #judge: Judge;
  #judged: 'trial' | 'bake';
  #sampledAtMs = 0;

  constructor(parts: MonitorParts, rollout: Rollout) {
    this.#parts = parts;
    this.#rolloutId = rollout.id;
    this.#patterns = rollout.config.judge.logs.errorPatterns.map((source) => new RegExp(source));
    this.#checks = new CheckRunner(rollout.config.checks, parts.measure, () => parts.clock.now());
    this.#cursor = parts.store.cursor(rollout.id) ?? newCursor;
    this.#judged = kindOf(rollout.phase);
    this.#judge = rebuild(parts.store, rollout);
  }

  /**
   * Takes in what a look showed, and what the sources have since the last one. Gives what PM2 did to
   * the apps that the look does not show.
   */
  async collect(rollout: Rollout, look: Look, nowMs: number): Promise<DaemonDeeds> {
    const due = nowMs - this.#sampledAtMs >= rollout.config.intervalMs;
    const { events, cursor, lives, deeds } = await this.#read(rollout, look, { due, nowMs });
    if (events.length > 0) this.#parts.store.addEvidence(this.#rolloutId, events, cursor);
    this.#cursor = cursor;
    this.#lives = lives;
    if (due) this.#sampledAtMs = nowMs;
    if (kindOf(rollout.phase) !== this.#judged) {
      this.#judged = kindOf(rollout.phase);
      this.#judge = rebuild(this.#parts.store, rollout);
    } else {
      for (const event of judgedAs(rollout.phase, events)) this.#judge.add(event);
    }
    return deeds;
  }

  /** What the judge says now; null in phases that are not judged. */
  assess(phase: Phase, nowMs: number): Assessment | null {
    return isJudged(phase) ? this.#judge.assess(nowMs) : null;
  }

  /** Ends what is under way. */
  close(): void {
    this.#checks.stop();
  }

  async #read(
    rollout: Rollout,
    { daemon, proxy }: Look,
    { due, nowMs }: { readonly due: boolean; readonly nowMs: number },
  ): Promise<
    Reading<EvidenceEvent, MonitorCursor> & { readonly lives: Lives; readonly deeds: DaemonDeeds }
  > {
    if (isOnTrial(rollout.phase)) this.#checks.start();
    const events: EvidenceEvent[] = [...this.#checks.take()];
    let cursor = this.#cursor;
    if (proxy.kind === 'up') {
      const counted = readCounters(cursor.proxy, proxy.epoch, proxy.service.tracks);
      const calls = await this.#readCalls(rollout, counted);
      cursor = { ...cursor, proxy: calls.cursor };
      events.push(...calls.events);
      const changed = weightChange(rollout, proxy.service.route, { before: cursor.weight, nowMs });
      cursor = { ...cursor, weight: changed?.weight ?? cursor.weight };
      if (changed !== null) events.push(changed);
    }
    if (daemon.kind === 'down') return { events, cursor, lives: this.#lives, deeds: noDeeds };
    const judged = isJudged(rollout.phase);
    const told = await readDaemonLog(this.#parts.pm2Home, cursor.pm2Log);
    cursor = { ...cursor, pm2Log: told.mark };
    const seen = { daemon, deeds: told.deeds, ordered: !judged, nowMs };
    const { events: exits, lives, deeds } = readLives(this.#lives, seen);
    events.push(...exits);
    if (due || !judged) {
      const logs = await this.#readLogs(daemon, { judged, nowMs });
      cursor = { ...cursor, logs: logs.cursor };
      events.push(...logs.events);
    }
    if (due) events.push(...samples(daemon, cursor.proxy, nowMs));
    return { events, cursor, lives, deeds };
  }

  async #readCalls(rollout: Rollout, from: ProxyCursor): Promise<Reading<CallEvent, ProxyCursor>> {
    const events: CallEvent[] = [];
    let cursor = from;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const reply = await this.#parts.proxy.calls(rollout.service, cursor.after, PAGE_CALLS);
      if (reply.kind === 'down') break;
      const { epoch, calls, nextAfter } = reply.value;
      if (epoch !== cursor.epoch) break;
      cursor = { ...cursor, after: nextAfter };
      for (const { atMs, track, session, placed, tool, outcome, latencyMs } of calls) {
        if (atMs < rollout.startedAtMs) continue;
        const call = { type: 'call', atMs, track, session, tool, outcome, latencyMs } as const;
        events.push(placed ? { ...call, placed } : call);
      }
      if (calls.length < PAGE_CALLS) break;
    }
    return { events, cursor };
  }

  /** Outside of judged phases an app is started or swapped: what it logs then is passed over. */
  async #readLogs(
    daemon: DaemonUp,
    { judged, nowMs }: { readonly judged: boolean; readonly nowMs: number },
  ): Promise<Reading<LogEvent, LogMarks>> {
    if (this.#patterns.length === 0) return { events: [], cursor: {} };
    const events: LogEvent[] = [];
    let cursor: LogMarks = {};
    for (const [track, app] of appsOf(daemon)) {
      if (app === null) continue;
      if (!judged) {
        cursor = { ...cursor, ...(await passOver(app.logPaths)) };
        continue;
      }
      const count = await countErrorLines(app.logPaths, this.#cursor.logs, this.#patterns);
      cursor = { ...cursor, ...count.marks };
      const { errorLines } = count;
      if (errorLines !== null) events.push({ type: 'log', atMs: nowMs, track, errorLines });
    }
    return { events, cursor };
  }
}

/** The canary's share, when it is another than at the last look; the trial begins with its first step's. */
function weightChange(
  { phase, config }: Rollout,
  { tracks }: Route,
  { before, nowMs }: { readonly before: number | null; readonly nowMs: number },
): WeightEvent | null {
  const weight = tracks.canary?.weight ?? 0;
  const known = before ?? config.steps[0]?.weight;
  return isOnTrial(phase) && weight !== known ? { type: 'weight', atMs: nowMs, weight } : null;
}

function samples(daemon: DaemonUp, { total }: ProxyCursor, nowMs: number): ProcessEvent[] {
  const sample = (track: Track, app: TrackLook | null): ProcessEvent | null => {
    if (app?.life == null || app.rssBytes === null) return null;
    const { rssBytes, restarts, startedAtMs } = app;
    const uptimeMs = Math.max(0, nowMs - startedAtMs);
    return { type: 'process', atMs: nowMs, track, rssBytes, restarts, uptimeMs, ...total[track] };
  };
  return appsOf(daemon).flatMap(([track, app]) => sample(track, app) ?? []);
}

function rebuild(store: Store, rollout: Rollout): Judge {
  const { config, phase } = rollout;
  const baking = phase.kind === 'baking';
  const judge = createJudge(config.judge, baking ? [] : config.checks);
  const trial = rolloutEvent(rollout);
  judge.add(baking ? bakeEvent(trial, phase.startedAtMs, config.bakeMs) : trial);
  for (const event of judgedAs(phase, store.evidence(rollout.id))) judge.add(event);
  return judge;
}

/** Main, which bakes, is compared with nothing: nobody runs the old release any more. */
function bakeEvent(trial: RolloutEvent, startedAtMs: number, windowMs: number): RolloutEvent {
  return { ...trial, startedAtMs, windowMs, weight: 1, reference: 'stable' };
}

function kindOf(phase: Phase): 'trial' | 'bake' {
  return phase.kind === 'baking' ? 'bake' : 'trial';
}

/** Phases in which an instance that carries agents is on trial. */
function isJudged(phase: Phase): boolean {
  switch (phase.kind) {
    case 'observing':
    case 'baking':
      return true;
    case 'held':
      return phase.why !== 'main-down';
    case 'promoting':
      return phase.stage === 'leaving-main';
    default:
      return false;
  }
}

/** The operator's own checks are about a canary that carries agents, so they are not made of main. */
function isOnTrial(phase: Phase): boolean {
  return isJudged(phase) && phase.kind !== 'baking';
}

/** The events as the judge shall see them (invariant 3). */
function* judgedAs(phase: Phase, events: Iterable<EvidenceEvent>): Generator<EvidenceEvent> {
  if (phase.kind !== 'baking') {
    yield* events;
    return;
  }
  for (const event of events) {
    if (!('track' in event)) continue;
    if (event.track === 'stable' && event.atMs >= phase.startedAtMs) {
      yield { ...event, track: 'canary' };
    }
  }
}
