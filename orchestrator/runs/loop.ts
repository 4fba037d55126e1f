/**
 * The loop of one run: decide ▶ do ▶ store, until every service's part is over.
 *
 * 1. What is about to be done is stored first (a member is `starting` before its rollout is made),
 *    so a run that was killed at any point goes on with the next `run`.
 * 2. Trouble of the program's own is logged and tried again, slowly.
 */
import type { Clock } from '../../common/clock.js';
import type { Logger } from '../../common/log.js';
import type { Answer } from '../answer.js';
import type { PlanReply, RolloutView, StartReply, StartRequest } from '../control/messages.js';
import { rolloutIdOf, type RequestKind } from '../rollout/rollout.js';
import type { Store } from '../store/store.js';
import { decideRun, type Step } from './decide.js';
import { endedWithout, withState, type MemberState, type Run } from './run.js';

/** How a run reaches the rollouts of single services. */
export interface Rollouts {
  /** `by` is told as what began the rollout. */
  start(
    service: string,
    request: StartRequest,
    by: string,
  ): Promise<Answer<PlanReply | StartReply>>;
  /** A rollout is just being planned, and in no store yet. */
  isStarting(service: string): boolean;
  steer(service: string, kind: RequestKind, reason: string | null): Answer<RolloutView>;
}

export interface RunParts {
  readonly store: Store;
  readonly rollouts: Rollouts;
  readonly clock: Clock;
  readonly log: Logger;
}

const POLL_MS = 1_000;
const TROUBLE_MS = 2_000;

export class RunLoop {
  readonly #parts: RunParts;
  #run: Run;

  constructor(parts: RunParts, run: Run) {
    this.#parts = parts;
    this.#run = run;
  }

  get snapshot(): Run {
    return this.#run;
  }

  /** Begins no further service. It is stored when this returns. */
  cancel(reason: string): void {
    this.#keep({ ...this.#run, cancelled: reason });
  }

  /** Runs until the run is over or the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts;
    while (!signal.aborted && this.#run.endedAtMs === null) {
      const pauseMs = await this.#tick().catch((error: unknown) => {
        log.error({ run: this.#run.id, err: error }, 'a step of a run failed');
        return TROUBLE_MS;
      });
      if (pauseMs > 0) await clock.sleep(pauseMs, signal);
    }
  }

  /** One step. Gives how long to rest. */
  async #tick(): Promise<number> {
    const { store, clock, log } = this.#parts;
    const phaseOf = (id: string) => store.byId(id)?.phase ?? null;
    const step = decideRun(this.#run, phaseOf, clock.now());
    if (step.kind === 'wait') return POLL_MS;
    log.info({ run: this.#run.id, ...step }, 'run');
    await this.#take(step);
    return 0;
  }

  async #take(step: Exclude<Step, { kind: 'wait' }>): Promise<void> {
    const run = this.#run;
    switch (step.kind) {
      case 'settle':
        return this.#become(step.service, this.#settled(step.service));
      case 'leave-out': {
        const ended = endedWithout('not-started', step.reason);
        const members = run.members.map((member) =>
          step.services.includes(member.service) ? { ...member, state: ended } : member,
        );
        return this.#keep({ ...run, members });
      }
      case 'tell':
        return this.#tell(step.service, step.order);
      case 'start':
        return this.#start(step.service);
      case 'end':
        return this.#keep({ ...run, endedAtMs: this.#parts.clock.now() });
    }
  }

  #settled(service: string): MemberState {
    const { store } = this.#parts;
    const rolloutId = this.#rolloutOf(service);
    const rollout = store.byId(rolloutId);
    if (rollout === null) return endedWithout('refused', `${rolloutId} is not in the store`);
    const { phase, startedAtMs, endedAtMs } = rollout;
    const tookMs = (endedAtMs ?? startedAtMs) - startedAtMs;
    const calls = store.canaryCalls(rolloutId);
    const ended = { kind: 'ended', rolloutId, tookMs, calls } as const;
    if (phase.kind !== 'rolled-back') {
      const reason = store.transitions(rolloutId).at(-1)?.reason ?? '';
      return { ...ended, result: 'promoted', reason };
    }
    return { ...ended, result: 'rolled-back', reason: phase.cause };
  }

  #rolloutOf(service: string): string {
    const state = this.#run.members.find((member) => member.service === service)?.state;
    return state !== undefined && 'rolloutId' in state ? (state.rolloutId ?? '') : '';
  }

  #tell(service: string, order: 'pause' | 'rollback' | null): void {
    const { rollouts, log } = this.#parts;
    const answer = order === null ? null : rollouts.steer(service, order, 'the window ended');
    if (answer?.ok === false) log.warn({ service, order, why: answer.message }, 'not taken');
    const rolloutId = this.#rolloutOf(service);
    this.#become(service, { kind: 'under-way', rolloutId, told: true });
  }

  async #start(service: string): Promise<void> {
    const { store } = this.#parts;
    const member = this.#run.members.find((each) => each.service === service);
    if (member === undefined) return;
    const rolloutId =
      member.state.kind === 'starting'
        ? member.state.rolloutId
        : rolloutIdOf(service, store.nextNumber(service));
    this.#become(service, { kind: 'starting', rolloutId });
    const state =
      store.byId(rolloutId) === null ? await this.#begin(service, member.request) : null;
    this.#become(service, state ?? { kind: 'under-way', rolloutId, told: false });
  }

  async #begin(service: string, request: StartRequest): Promise<MemberState> {
    const { rollouts } = this.#parts;
    const { id, title, onlyIfChanged } = this.#run;
    const by = `${id} (${title})`;
    if (onlyIfChanged) {
      const planned = await rollouts.start(service, { ...request, dryRun: true }, by);
      if (planned.ok && planned.value.plan.unchanged) {
        return endedWithout('unchanged', 'main runs that release already');
      }
    }
    const answer = await rollouts.start(service, request, by);
    if (!answer.ok) return endedWithout('refused', answer.message);
    if (!('rollout' in answer.value)) return endedWithout('refused', 'it was only planned');
    return { kind: 'under-way', rolloutId: answer.value.rollout.id, told: false };
  }

  /** Takes the newest run: it may have been cancelled meanwhile. */
  #become(service: string, state: MemberState): void {
    this.#keep(withState(this.#run, service, state));
  }

  #keep(run: Run): void {
    this.#run = run;
    this.#parts.store.runs.update(run);
  }
}
