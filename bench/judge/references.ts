/**
 * How three well-known tools would have decided, written from their public descriptions. Each looks at
 * the share of failed calls minute by minute.
 */
import type { CallEvent } from '../../orchestrator/judge/types.js';
import { mannWhitney } from './mann-whitney.js';

const MINUTE_MS = 60_000;

/** When the canary was taken back, or null. */
export type Reference = (calls: readonly CallEvent[], windowMs: number) => number | null;

interface Minute {
  readonly canary: number | null;
  readonly stable: number | null;
}

/** Share of failed calls of each track in each minute; null: no calls. */
function minutesOf(calls: readonly CallEvent[], windowMs: number): Minute[] {
  const length = Math.ceil(windowMs / MINUTE_MS);
  const counts = Array.from({ length }, () => ({ canary: [0, 0], stable: [0, 0] }));
  for (const { atMs, track, outcome } of calls) {
    const minute = counts[Math.floor(atMs / MINUTE_MS)];
    const count = track === 'canary' ? minute?.canary : minute?.stable;
    if (count === undefined) continue;
    count[0] = (count[0] ?? 0) + 1;
    if (outcome !== 'ok') count[1] = (count[1] ?? 0) + 1;
  }
  return counts.map(({ canary, stable }) => ({ canary: share(canary), stable: share(stable) }));
}

function share([calls = 0, errors = 0]: readonly number[]): number | null {
  return calls === 0 ? null : errors / calls;
}

/** Takes the canary back at the n-th bad minute, in a row or not. */
function countBad(minutes: readonly Minute[], limit: number, bad: (minute: Minute) => boolean) {
  let count = 0;
  for (const [i, minute] of minutes.entries()) {
    if (bad(minute)) count += 1;
    if (count >= limit) return (i + 1) * MINUTE_MS;
  }
  return null;
}

/**
 * As an Argo Rollouts AnalysisTemplate: one measurement a minute, failed above 5 % errors,
 * `failureLimit: 3`, so that the fourth failed measurement fails the run; no data, no failure.
 */
export const fixedThreshold: Reference = (calls, windowMs) =>
  countBad(minutesOf(calls, windowMs), 4, ({ canary }) => canary !== null && canary > 0.05);

/**
 * As a Flagger analysis with the values of its documentation: one check a minute, success rate below
 * 99 % fails it, no data fails it, `threshold: 5` failed checks roll back and none is forgiven.
 */
export const failedChecks: Reference = (calls, windowMs) =>
  countBad(minutesOf(calls, windowMs), 5, ({ canary }) => canary === null || canary > 0.01);

const LOOK_EVERY = 30;

/**
 * As Kayenta's Mann-Whitney classifier: tolerance 0.25, confidence 0.98, at half past and on the hour
 * over all minutes since the start.
 */
export const mannWhitneyScore: Reference = (calls, windowMs) => {
  const minutes = minutesOf(calls, windowMs);
  for (let end = LOOK_EVERY; end <= minutes.length; end += LOOK_EVERY) {
    const seen = minutes.slice(0, end);
    const canary = seen.flatMap((minute) => minute.canary ?? []);
    const stable = seen.flatMap((minute) => minute.stable ?? []);
    const { estimate, low } = mannWhitney(canary, stable);
    if (low > 0.25 * Math.abs(estimate)) return end * MINUTE_MS;
  }
  return null;
};
