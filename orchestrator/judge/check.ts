/** What every check of the judge is, and what it gets to know beside the events. */
import type { CheckResult, EvidenceEvent } from './types.js';

/** What a check says; the judge makes a `CheckResult` of it. */
export interface Finding extends CheckResult {
  /** Nothing that could still come to light before the window's end would matter. */
  readonly settled: boolean;
}

/**
 * One question about the canary. `add` folds an event and decides a failure on the spot; `assess`
 * only reads. Events come in order of time and name only the tracks `canary` and `stable`: the
 * judge puts what the canary is compared with in stable's place.
 */
export interface Check {
  add(event: EvidenceEvent): void;
  assess(nowMs: number): Finding;
}

/** The finding of a check that has found its fault. */
export function failure(
  check: string,
  failedAtMs: number,
  reason: string,
  numbers: Readonly<Record<string, number>>,
): Finding {
  return { check, state: 'fail', reason, numbers, failedAtMs, settled: true };
}
