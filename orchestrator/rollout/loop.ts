/**
 * The reconcile loop of one rollout: look ▶ collect ▶ decide ▶ store the intent ▶ act ▶ look again.
 *
 * 1. The phase is stored before anything is done for it, so a loop that is killed at any point is
 *    resumed by making a new one from the stored rollout.
 * 2. Deciding and storing happen in one synchronous stretch: a request that arrives while the loop
 *    looks or acts is never overwritten.
 * 3. Trouble of the program's own (a full disk, a bug) is logged and tried again, slowly; it ends
 *    neither the loop nor another service's.
 */
import type { Instance } from '../proc/instance.js';
import type { Clock } from '../../common/clock.js';
import { ClockSteps } from '../../common/clock-steps.js';
import type { Logger } from '../../common/log.js';
import type { Monitor } from '../monitor/monitor.js';
import type { Notifications } from '../notify/notifications.js';
import type { Letter } from '../store/outbox.js';
import type { Store, TransitionEntry } from '../store/store.js';
import { decide } from './decide/index.js';
import { witnessing } from './drift.js';
import type { Action, ActionOutcome, Move } from './decision.js';
import type { Look } from './look.js';
import type { Assessment } from '../judge/types.js';
import { isInBetween, type Observation } from './observation.js';
import { isEnded, type PhaseKind } from './phase.js';
import { ruleOn } from './requests.js';
import { rest } from './rest.js';
import { shifted } from './shifted.js';
import { moved, type RequestKind, type Rollout } from './rollout.js';

/** How the loop reaches the world. */
export interface World {
  look(rollout: Rollout): Promise<Look>;
  perform(action: Action, rollout: Rollout): Promise<ActionOutcome>;
  /** True while that life of a process goes on. */
  isAlive(life: Instance): boolean;
}

export interface LoopParts {
  readonly store: Store;
  readonly world: World;
  readonly monitor: Monitor;
  readonly notifications: Notifications;
  readonly clock: Clock;
  /** Milliseconds that are never set; by default those of the process. */
  readonly monotonic?: () => number;
  readonly log: Logger;
}

/** What a person is told of a request. */
export type RequestOutcome =
  { readonly taken: true } | { readonly taken: false; readonly reason: string };

const HASTE_MS = 250;
const TROUBLE_MS = 2_000;
/** An action that fails again and again is tried more and more seldom, down to that. */
const MAX_RETRY_MS = 4_000;

/** The phases in which there is something to wait for other than time. */
const HASTY: ReadonlySet<PhaseKind> = new Set([
  'preparing',
  'starting',
  'smoking',
  'promoting',
  'retiring',
  'rolling-back',
]);

export class RolloutLoop {
  readonly #parts: LoopParts;
  #rollout: Rollout;
  #look: Look | null = null;
  #assessment: Assessment | null = null;
  /** Why the last action did not succeed, and how many in a row did not; null: it did. */
  #failure: { readonly reason: string; readonly times: number } | null = null;
  #waitingFor: string | null = null;
  #troubles = 0;
  readonly #clockSteps: ClockSteps;
  #wake = new AbortController();

  constructor(parts: LoopParts, rollout: Rollout) {
    this.#parts = parts;
    this.#rollout = rollout;
    this.#clockSteps = new ClockSteps(() => parts.clock.now(), parts.monotonic);
  }

  get rollout(): Rollout {
    return this.#rollout;
  }

  /** The newest look at the world, null before the first. */
  get look(): Look | null {
    return this.#look;
  }

  get assessment(): Assessment | null {
    return this.#assessment;
  }

  get waitingFor(): string | null {
    return this.#waitingFor;
  }

  /** Rounds that failed by the program's own trouble. */
  get troubles(): number {
    return this.#troubles;
  }

  /** Runs until the rollout is over or the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const wake = (): void => this.#wake.abort();
    signal.addEventListener('abort', wake);
    while (!signal.aborted && !isEnded(this.#rollout.phase)) {
      const pauseMs = await this.#tick().catch((error: unknown) => {
        this.#troubles += 1;
        this.#parts.log.error({ rollout: this.#rollout.id, err: error }, 'a look failed');
        return TROUBLE_MS;
      });
      await this.#rest(pauseMs);
    }
    // The signal lives as long as the program: it would keep the loop, with all that was judged.
    signal.removeEventListener('abort', wake);
  }

  /** A person's order. It is stored when this returns. */
  request(kind: RequestKind, reason: string | null): RequestOutcome {
    const ruling = ruleOn(this.#rollout, kind);
    if (typeof ruling === 'object') return { taken: false, reason: ruling.refused };
    const { clock } = this.#parts;
    const request = ruling === 'take' ? { kind, reason, atMs: clock.now() } : null;
    if (request !== null || this.#rollout.request?.kind === 'pause') {
      this.#keep({ ...this.#rollout, request });
      this.#wake.abort();
    }
    return { taken: true };
  }

  /** One round. Gives how long to rest. */
  async #tick(): Promise<number> {
    const { world, monitor, clock } = this.#parts;
    const look = await world.look(this.#rollout);
    const deeds = await monitor.collect(this.#rollout, look, clock.now());
    this.#look = look;
    this.#remember(look);
    this.#goWithClock();
    const nowMs = clock.now();
    this.#assessment = monitor.assess(this.#rollout.phase, nowMs);
    const seen = {
      ...look,
      assessment: this.#assessment,
      failure: this.#failure?.reason ?? null,
      deeds,
    };
    this.#witness(seen);
    const decision = decide(this.#rollout, seen, nowMs);
    switch (decision.kind) {
      case 'wait':
        this.#waitingFor = decision.reason;
        return this.#pauseMs(nowMs);
      case 'move':
        this.#move(decision);
        return 0;
      case 'act':
        return await this.#act(decision.action, decision.then);
    }
  }

  /** The clock was set: a window is as long as it was all the same. */
  #goWithClock(): void {
    const byMs = this.#clockSteps.since();
    if (byMs === 0) return;
    const { id, phase } = this.#rollout;
    this.#parts.log.warn({ rollout: id, byMs }, 'the clock was set');
    this.#keep({ ...this.#rollout, phase: shifted(phase, byMs) });
  }

  /** Keeps what is not seen again, even after a restart: how the canary introduced itself (main is compared with it), and how it passed its smoke test. */
  #remember({ canaryServer, smoke: progress }: Look): void {
    const before = this.#rollout;
    const smoke = progress?.kind === 'over' ? progress.result : null;
    const learned = {
      canaryServer: before.canaryServer ?? canaryServer,
      smoke: before.smoke ?? smoke,
    };
    if (learned.canaryServer === before.canaryServer && learned.smoke === before.smoke) return;
    this.#keep({ ...before, ...learned });
  }

  /** Keeps how the apps were seen, so that what another hand does to them is noticed, even after a restart. */
  #witness(seen: Observation): void {
    const rollout = witnessing(this.#rollout, seen);
    if (rollout !== this.#rollout) this.#keep(rollout);
  }

  /** What cannot be stored is not so: the disk may be full. */
  #keep(
    rollout: Rollout,
    transition: TransitionEntry | null = null,
    letters: readonly Letter[] = [],
  ): void {
    this.#parts.store.update(rollout, transition, letters);
    this.#rollout = rollout;
  }

  #move(move: Move): void {
    const { notifications, clock, log } = this.#parts;
    const from = this.#rollout.phase;
    const nowMs = clock.now();
    const rollout = moved(this.#rollout, move, nowMs);
    const { reason, to } = move;
    const assessment = this.#assessment;
    const letters = notifications.lettersFor({ rollout, from, reason, atMs: nowMs });
    this.#keep(rollout, { atMs: nowMs, from, to, reason, assessment }, letters);
    this.#waitingFor = null;
    this.#failure = null;
    log.info({ rollout: this.#rollout.id, from: from.kind, ...phaseFields(to), reason }, 'moved');
  }

  async #act(action: Action, then: Move | null): Promise<number> {
    const { store, world, clock, log } = this.#parts;
    const { id, request } = this.#rollout;
    const seq = store.recordIntent(id, clock.now(), action);
    const outcome = await world.perform(action, this.#rollout);
    store.recordOutcome(id, seq, outcome);
    if (outcome.done && outcome.warnings !== undefined) {
      this.#rollout = { ...this.#rollout, warnings: outcome.warnings };
    }
    const failure = outcome.done ? null : outcome.reason;
    this.#waitingFor = failure;
    const logged = { rollout: id, action: action.kind, failure };
    if (failure !== null) {
      const times = (this.#failure?.times ?? 0) + 1;
      this.#failure = { reason: failure, times };
      log.warn(logged, 'an action did not succeed, it will be tried again');
      return Math.min(HASTE_MS * 2 ** (times - 1), MAX_RETRY_MS);
    }
    this.#failure = null;
    log.info(logged, 'acted');
    if (then !== null && this.#rollout.request === request) this.#move(then);
    return 0;
  }

  #pauseMs(nowMs: number): number {
    const { phase, config } = this.#rollout;
    if (HASTY.has(phase.kind) || this.#isAnyInBetween()) return HASTE_MS;
    const left = 'endsAtMs' in phase ? phase.endsAtMs - nowMs : Infinity;
    return Math.max(0, Math.min(config.intervalMs, left));
  }

  #isAnyInBetween(): boolean {
    const daemon = this.#look?.daemon;
    if (daemon?.kind !== 'up') return false;
    return [daemon.main, daemon.canary].some((app) => app !== null && isInBetween(app));
  }

  /** Rests, but not past a request, the end of the program, or the end of main's or the canary's process. */
  async #rest(pauseMs: number): Promise<void> {
    const { clock, world } = this.#parts;
    if (pauseMs <= 0 || this.#takeWake()) return;
    const lives = HASTY.has(this.#rollout.phase.kind) ? [] : (this.#look?.lives ?? []);
    const isQuiet = (): boolean => lives.every((life) => world.isAlive(life));
    await rest(clock, pauseMs, isQuiet, this.#wake.signal);
    this.#takeWake();
  }

  #takeWake(): boolean {
    const woken = this.#wake.signal.aborted;
    if (woken) this.#wake = new AbortController();
    return woken;
  }
}

function phaseFields(phase: Rollout['phase']): { readonly to: string; readonly stage?: string } {
  return 'stage' in phase ? { to: phase.kind, stage: phase.stage } : { to: phase.kind };
}
