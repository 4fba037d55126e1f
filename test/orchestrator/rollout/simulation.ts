/**
 * A small world in memory for the pure parts: PM2, two instances and a proxy that do at once what
 * they are told, and a clock that jumps. A two-hour rollout runs in a millisecond.
 */
import type { ServiceState, TrackState } from '../../../common/protocol.js';
import type { ServiceConfig } from '../../../config/types.js';
import type { Assessment } from '../../../orchestrator/judge/types.js';
import type { Instance } from '../../../orchestrator/proc/instance.js';
import { decide } from '../../../orchestrator/rollout/decide/index.js';
import type { Action, Decision } from '../../../orchestrator/rollout/decision.js';
import type {
  AppFacts,
  InstanceView,
  Observation,
} from '../../../orchestrator/rollout/observation.js';
import { newRollout } from '../../../orchestrator/rollout/new-rollout.js';
import { isEnded, type Phase } from '../../../orchestrator/rollout/phase.js';
import { ruleOn } from '../../../orchestrator/rollout/requests.js';
import { witnessing } from '../../../orchestrator/rollout/drift.js';
import {
  mainTouched,
  moved,
  type RequestKind,
  type Rollout,
} from '../../../orchestrator/rollout/rollout.js';
import { stableOnly } from '../../../orchestrator/rollout/route.js';
import type { SmokeResult } from '../../../orchestrator/smoke/report.js';
import type { SmokeProgress } from '../../../orchestrator/smoke/runner.js';
import type { AppSpec } from '../../../orchestrator/pm2/spec.js';

const MINUTE_MS = 60_000;

export const service: ServiceConfig = {
  name: 'scraper',
  app: 'scraper',
  canaryApp: 'scraper-canary',
  ecosystem: null,
  listen: { host: '127.0.0.1', port: 10_001 },
  stable: { host: '127.0.0.1', port: 10_002 },
  canary: { host: '127.0.0.1', port: 10_003 },
  baseline: null,
  portFrom: { kind: 'env', name: 'PORT' },
  mcpPaths: ['/mcp'],
  ssePaths: ['/sse'],
  probe: { kind: 'mcp', path: '/mcp' },
  smoke: null,
  contract: null,
  steps: [{ weight: 0.1, windowMs: 120 * MINUTE_MS, gate: 'auto' }],
  promote: 'auto',
  promoteByMs: null,
  onDeadline: 'rollback',
  drift: 'pause',
  overrides: { header: null, always: [], never: [] },
  onInconclusive: 'hold',
  maxWindowMs: 360 * MINUTE_MS,
  bakeMs: 10 * MINUTE_MS,
  readyMs: MINUTE_MS,
  drain: { callsMs: 30_000, sessionsMs: 60_000 },
  judge: {
    errors: { maxRatio: 0.25, timesStable: 1.5, overStable: 0.005 },
    latency: { timesStable: 2, warmUpMs: MINUTE_MS },
    memory: {
      maxRssBytes: 380e6,
      horizonMs: 1440 * MINUTE_MS,
      timesStable: 1.5,
      warmUpMs: MINUTE_MS,
    },
    logs: { errorPatterns: [], timesStable: 3 },
    minimum: { calls: 50, sessions: 5 },
    alpha: 0.01,
    early: false,
  },
  checks: [],
  release: null,
  intervalMs: 5_000,
  replay: 'safe',
  sessionIdleMs: 60 * MINUTE_MS,
  maxSessions: 10_000,
  callTimeoutMs: 5 * MINUTE_MS,
  bodyTimeoutMs: 30_000,
  maxWaiting: 1_000,
  patienceMs: 10_000,
  canaryEnv: {},
};

export const oldSpec: AppSpec = {
  script: '/srv/old/server.js',
  cwd: '/srv/old',
  interpreter: 'node',
  interpreterArgs: [],
  args: [],
  env: { PORT: '10002' },
};
export const newSpec: AppSpec = { ...oldSpec, script: '/srv/new/server.js', cwd: '/srv/new' };

export const passing: Assessment = { verdict: 'pass', check: null, reason: 'all pass', checks: [] };
export const failing: Assessment = {
  verdict: 'fail',
  check: 'errors',
  reason: 'errors 30 % > 25 %',
  checks: [],
};
export const unsure: Assessment = {
  verdict: 'inconclusive',
  check: 'errors',
  reason: '3 calls, at least 50 are wanted',
  checks: [],
};

export const passedSmoke: SmokeResult = {
  passed: true,
  reason: '2 of 2 cases passed',
  suite: null,
  contract: null,
  endedAtMs: 0,
};

interface Process {
  pid: number;
  release: 'old' | 'new';
  /** As PM2 has it: another value when PM2 was told to start it. */
  orderedAtMs: number;
}

const APPS = ['main', 'canary', 'baseline'] as const;

/** What a run did, in words that a test can compare. */
export interface Event {
  readonly atMs: number;
  readonly text: string;
}

export class Simulation {
  nowMs = 0;
  rollout: Rollout;
  readonly events: Event[] = [];
  main: Process | null = { pid: 1, release: 'old', orderedAtMs: 0 };
  /** Another hand's doings: apps of a name, unique ids, edited environments, another daemon. */
  mainCount = 1;
  canaryCount = 1;
  mainId = 'main';
  canaryId = 'canary';
  daemonStartedAtMs = 1;
  edited: { main?: Record<string, string>; canary?: Record<string, string> } = {};
  mainStatus: string | null = null;
  canaryStatus: string | null = null;
  stops = new Set<number>();
  memoryRestarts = new Set<number>();
  canary: Process | null = null;
  baseline: Process | null = null;
  canaryListed = false;
  /** What PM2 has lost sight of, and keeps main's port. */
  orphan: Instance | null = null;
  /** Releases that never become ready when main runs them. */
  broken = new Set<'old' | 'new'>();
  canaryBroken = false;
  daemonUp = true;
  proxyUp = true;
  assessment: Assessment = passing;
  route = stableOnly(service);
  preparationFails = false;
  /** When the release will be made; null: it is not begun. */
  preparedAtMs: number | null = null;
  /** How far the smoke test has come, what it will find, and whether it ever ends. */
  smoke: SmokeProgress | null = null;
  smokeResult: SmokeResult = passedSmoke;
  smokeHangs = false;
  /** What each track still carries, whatever the route says. */
  stuck = { stable: 0, canary: 0 };
  #pid = 1;
  /** What PM2 holds of a main without a process. */
  #mainRelease: Process['release'] = 'old';

  constructor(config: Partial<ServiceConfig> = {}) {
    const change = { script: newSpec.script, cwd: newSpec.cwd };
    this.rollout = newRollout(
      {
        config: { ...service, ...config },
        oldSpec,
        newSpec,
        change,
        release: null,
        suite: null,
      },
      { number: 1, startedBy: 'a person', startedAtMs: 0, unique: 'test' },
    );
  }

  /** The rollout makes its release first. */
  preparing(): this {
    const release = { dir: '/srv/releases/2-scraper-1', version: '2', values: {} };
    this.rollout = { ...this.rollout, release, phase: { kind: 'preparing' } };
    return this;
  }

  get phase(): Phase {
    return this.rollout.phase;
  }

  /** `observing`, or with its stage `promoting/returning`. */
  get where(): string {
    return 'stage' in this.phase ? `${this.phase.kind}/${this.phase.stage}` : this.phase.kind;
  }

  ask(kind: RequestKind): void {
    if (ruleOn(this.rollout, kind) !== 'take') return;
    this.rollout = { ...this.rollout, request: { kind, reason: null, atMs: this.nowMs } };
  }

  /** One decision, carried out. The orchestrator keeps nothing between two of them but the rollout. */
  tick(): Decision {
    this.rollout = structuredClone(this.rollout);
    if (this.smoke?.kind === 'over') this.rollout = { ...this.rollout, smoke: this.smoke.result };
    const seen = this.#observe();
    this.rollout = witnessing(this.rollout, seen);
    const decision = decide(this.rollout, seen, this.nowMs);
    if (decision.kind === 'act') {
      const done = this.#perform(decision.action);
      this.#note(`${nameOf(decision.action)}${done ? '' : ' failed'}`);
      if (done && decision.then !== null) this.#move(decision.then);
    } else if (decision.kind === 'move') {
      this.#move(decision);
    }
    return decision;
  }

  /** Ticks, with a rest whenever there is something to wait for, until the condition holds. */
  until(condition: () => boolean, limitMs = 24 * 60 * MINUTE_MS): this {
    const endMs = this.nowMs + limitMs;
    while (!condition()) {
      if (this.nowMs >= endMs) throw new Error(`still ${this.where} after ${limitMs} ms`);
      if (this.tick().kind === 'wait') this.nowMs += this.#restMs();
    }
    return this;
  }

  toEnd(): this {
    return this.until(() => isEnded(this.phase));
  }

  #restMs(): number {
    return 'endsAtMs' in this.phase ? Math.min(MINUTE_MS, this.phase.endsAtMs - this.nowMs) : 1_000;
  }

  /** Until the phase, or phase/stage, is reached. */
  to(where: string): this {
    return this.until(() => this.where === where || this.phase.kind === where);
  }

  #move(move: Parameters<typeof moved>[1]): void {
    this.rollout = moved(this.rollout, move, this.nowMs);
    this.#note(this.where);
  }

  #note(text: string): void {
    this.events.push({ atMs: this.nowMs, text });
  }

  #perform(action: Action): boolean {
    switch (action.kind) {
      case 'set-route':
        if (!this.proxyUp) return false;
        this.route = action.route;
        return true;
      case 'prepare':
        this.preparedAtMs = this.nowMs + MINUTE_MS;
        return true;
      case 'stop-preparing':
        this.preparedAtMs = null;
        return true;
      case 'start':
        if (!this.daemonUp) return false;
        if (action.track === 'baseline') {
          this.baseline = this.#process('old');
          return true;
        }
        this.canaryListed = true;
        this.canary = this.#process('new');
        return true;
      case 'smoke':
        this.smoke = this.smokeHangs
          ? { kind: 'running', at: 'call 1 of 2' }
          : { kind: 'over', result: this.smokeResult };
        return true;
      case 'respec-main':
        return this.#respec(action);
      case 'tidy-up':
        if (!this.daemonUp) return false;
        this.canary = null;
        this.canaryListed = false;
        this.baseline = null;
        return true;
    }
  }

  #respec({ release, orphan }: Extract<Action, { kind: 'respec-main' }>): boolean {
    if (!this.daemonUp) return false;
    if (orphan !== undefined) this.orphan = null;
    this.main = this.#process(release);
    this.#mainRelease = release;
    return true;
  }

  #process(release: Process['release']): Process {
    this.#pid += 1;
    return { pid: this.#pid, release, orderedAtMs: this.nowMs };
  }

  /** A new process for an app: by PM2 itself after a crash, or because PM2 was told to. */
  restart(app: 'main' | 'canary', ordered: boolean): void {
    const { release, orderedAtMs } = this[app]!;
    const made = this.#process(release);
    this[app] = ordered ? { ...made, orderedAtMs: orderedAtMs + 1 } : { ...made, orderedAtMs };
  }

  #observe(): Observation {
    return {
      daemon: this.daemonUp
        ? {
            kind: 'up',
            startedAtMs: this.daemonStartedAtMs,
            mainCount: this.mainCount,
            canaryCount: this.canaryListed ? this.canaryCount : 0,
            main: this.mainCount === 0 ? null : this.#mainView(),
            canary: this.#canaryView(),
            baseline: this.#baselineView(),
          }
        : { kind: 'down', reason: 'no daemon' },
      proxy: this.proxyUp
        ? { kind: 'up', service: this.#serviceState() }
        : { kind: 'down', reason: 'no proxy' },
      preparation: this.#preparation(),
      assessment: this.assessment,
      smoke: this.smoke,
      failure: null,
      deeds: { stops: this.stops, memoryRestarts: this.memoryRestarts },
    };
  }

  #preparation(): Observation['preparation'] {
    if (this.preparedAtMs === null) return null;
    if (this.nowMs < this.preparedAtMs) return { kind: 'running', doing: 'command 1 of 1 (make)' };
    return this.preparationFails
      ? { kind: 'failed', reason: 'command 1 of 1 (make): it ended with exit code 2' }
      : { kind: 'done', summary: 'the release is prepared' };
  }

  #mainView(): InstanceView {
    const rollingBack = this.phase.kind === 'rolling-back';
    const wanted = mainTouched(this.phase) && !rollingBack ? 'new' : 'old';
    const release = this.main?.release ?? this.#mainRelease;
    const ready = this.main !== null && !this.broken.has(release);
    return {
      ...view(this.main, this.#facts('main', release)),
      ...(this.mainStatus === null ? {} : { status: this.mainStatus }),
      atSpec: release === wanted,
      readiness:
        this.orphan !== null
          ? { ready: false, reason: 'its port is taken', orphan: this.orphan }
          : ready
            ? { ready: true, server: null }
            : { ready: false, reason: 'no answer' },
    };
  }

  #canaryView(): InstanceView | null {
    if (!this.canaryListed) return null;
    return {
      ...view(this.canary, this.#facts('canary', 'new')),
      ...(this.canaryStatus === null ? {} : { status: this.canaryStatus }),
      atSpec: true,
      readiness: this.canaryBroken
        ? { ready: false, reason: 'nobody listens on port 10003' }
        : { ready: true, server: null },
    };
  }

  #baselineView(): InstanceView | null {
    if (this.baseline === null) return null;
    const seen = view(this.baseline, this.#facts('baseline', 'old'));
    return { ...seen, atSpec: true, readiness: { ready: true, server: null } };
  }

  #facts(app: 'main' | 'canary' | 'baseline', release: Process['release']): AppFacts {
    const spec = release === 'old' ? oldSpec : newSpec;
    const edited = app === 'baseline' ? {} : this.edited[app];
    return {
      pmId: APPS.indexOf(app),
      uniqueId: { main: this.mainId, canary: this.canaryId, baseline: app }[app],
      orderedAtMs: this[app]?.orderedAtMs ?? null,
      restartsByItself: false,
      spec: { ...spec, env: { ...spec.env, ...edited } },
    };
  }

  #serviceState(): ServiceState {
    return {
      service: 'scraper',
      listen: service.listen,
      listening: true,
      listenError: null,
      route: this.route,
      tracks: {
        stable: trackState(this.stuck.stable),
        canary: trackState(this.stuck.canary),
        baseline: trackState(0),
      },
    };
  }
}

function nameOf(action: Action): string {
  return action.kind === 'start' ? `start ${action.track}` : action.kind;
}

function view(process: Process | null, app: AppFacts): Omit<InstanceView, 'atSpec' | 'readiness'> {
  return {
    app,
    startedAtMs: 0,
    status: process === null ? 'stopped' : 'online',
    life: process === null ? null : { pid: process.pid, startTicks: process.pid },
    restarts: 0,
    exitCode: process === null ? 1 : null,
  };
}

export function trackState(inFlight: number): TrackState {
  return {
    sessions: 0,
    inFlight,
    streams: 0,
    sessionsOpened: 0,
    calls: 0,
    errors: 0,
    placedCalls: 0,
  };
}
