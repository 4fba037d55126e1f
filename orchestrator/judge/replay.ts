/**
 * Judges a recorded rollout as the reconcile loop judges a live one: at each interval, until the
 * first failure, an early pass, or the window's end. Pure.
 */
import type { ServiceConfig } from '../../config/types.js';
import { createJudge } from './judge.js';
import type { Assessment, EvidenceEvent, Judge, RolloutEvent } from './types.js';
import { duration } from './words.js';

export type ReplayPolicy = Pick<ServiceConfig, 'judge' | 'checks' | 'intervalMs'>;

export interface ReplayVerdict extends Assessment {
  /** The time in the recording at which it was decided. */
  readonly decidedAtMs: number;
  /** When the rollout began. */
  readonly startedAtMs: number;
}

/** A recording that covers less of its window shows nothing of the rest. */
const LEAST_COVERED = 0.9;

export class Replay {
  readonly #policy: ReplayPolicy;
  readonly #judge: Judge;
  readonly #rollout: RolloutEvent;
  #nextAtMs: number;
  #lastAtMs: number;
  #verdict: ReplayVerdict | null = null;

  constructor(policy: ReplayPolicy, rollout: RolloutEvent) {
    this.#policy = policy;
    this.#rollout = rollout;
    this.#judge = createJudge(policy.judge, policy.checks);
    this.#judge.add(rollout);
    this.#nextAtMs = rollout.startedAtMs + policy.intervalMs;
    this.#lastAtMs = rollout.startedAtMs;
  }

  /** Takes the next event. Those after the decision or the window's end change nothing. */
  add(event: Exclude<EvidenceEvent, RolloutEvent>): void {
    if (this.#verdict !== null) return;
    if (event.atMs > this.#nextAtMs) this.#verdict = this.#look(event.atMs);
    if (this.#verdict !== null || event.atMs > this.#endsAtMs) return;
    this.#lastAtMs = Math.max(this.#lastAtMs, event.atMs);
    this.#judge.add(event);
  }

  /** What was decided, or is decided at the window's end. */
  end(): ReplayVerdict {
    const decided = this.#verdict ?? this.#look(this.#nextAtMs);
    if (decided !== null) return decided;
    const { startedAtMs, windowMs } = this.#rollout;
    const decidedAtMs = this.#endsAtMs;
    const verdict = { ...this.#judge.assess(decidedAtMs), decidedAtMs, startedAtMs };
    const coveredMs = this.#lastAtMs - startedAtMs;
    if (verdict.verdict !== 'pass' || coveredMs >= windowMs * LEAST_COVERED) return verdict;
    const reason = `the recording ends after ${duration(coveredMs)} of a window of ${duration(windowMs)}`;
    return { ...verdict, verdict: 'inconclusive', reason };
  }

  /** The look that was due, and what it decides; while nothing happens, later ones would show the same. */
  #look(untilMs: number): ReplayVerdict | null {
    const { judge, intervalMs } = this.#policy;
    const { startedAtMs } = this.#rollout;
    const decidedAtMs = Math.min(this.#nextAtMs, this.#endsAtMs);
    this.#nextAtMs += Math.ceil((untilMs - this.#nextAtMs) / intervalMs) * intervalMs;
    const assessment = this.#judge.assess(decidedAtMs);
    const early = judge.early && assessment.verdict === 'pass';
    const decided = assessment.verdict === 'fail' || early;
    return decided ? { ...assessment, decidedAtMs, startedAtMs } : null;
  }

  get #endsAtMs(): number {
    return this.#rollout.startedAtMs + this.#rollout.windowMs;
  }
}
