/**
 * Is the canary's rate of failed calls above an absolute limit, whatever its usual rate may be?
 *
 * A Beta-mixture likelihood ratio (Robbins 1970) of the canary's failures against the limit, which
 * may be looked at at any time. Calls of one session are not independent: counts are divided by the
 * design effect of the clustering that a concentration of 5 means. Minutes in which stable breaks the
 * limit too are left out: they are somebody else's trouble, and going back to stable would not help.
 */
import type { History } from './session-history.js';

const BIN_MS = 60_000;
const CORRELATION = 1 / 6;

/** So many sessions must have failed calls: one or two may have themselves to blame. */
const LEAST_SESSIONS = 3;

interface Counts {
  calls: number;
  failures: number;
  /** The sum over sessions of calls². */
  callsSquared: number;
  /** Sessions that had their first failure. */
  sessions: number;
}

export class LimitTest {
  readonly #limit: number;
  readonly #threshold: number;
  #binIndex = 0;
  #closed = none();
  #canary = none();
  #stable = none();

  /** `limit`: failures per call. `alpha`: the chance of finding a breach where there is none. */
  constructor(limit: number, alpha: number) {
    this.#limit = limit;
    this.#threshold = Math.log(1 / alpha);
  }

  /** The counts of the canary that are held against the limit. */
  get counts(): { readonly calls: number; readonly failures: number } {
    const { calls, failures } = this.#held();
    return { calls, failures };
  }

  /** A call of a session whose history (incidents are failures here) does not yet count it. */
  add(atMs: number, canary: boolean, failed: boolean, { calls, incidents }: History): void {
    this.#goTo(Math.floor(atMs / BIN_MS));
    const counts = canary ? this.#canary : this.#stable;
    counts.calls += 1;
    counts.callsSquared += 2 * calls + 1;
    if (!failed) return;
    counts.failures += 1;
    if (incidents === 0) counts.sessions += 1;
  }

  breached(): boolean {
    const held = this.#held();
    return held.sessions >= LEAST_SESSIONS && this.#logRatio(held) >= this.#threshold;
  }

  #logRatio({ calls, failures, callsSquared }: Counts): number {
    if (failures <= this.#limit * calls) return Number.NEGATIVE_INFINITY;
    const effect = 1 + (callsSquared / calls - 1) * CORRELATION;
    const bad = failures / effect;
    const good = (calls - failures) / effect;
    const mixture = logBeta(bad + 0.5, good + 0.5) - logBeta(0.5, 0.5);
    return mixture - bad * Math.log(this.#limit) - good * Math.log(1 - this.#limit);
  }

  /** What counts now: the closed minutes, and the current one while stable keeps the limit in it. */
  #held(): Counts {
    const { calls, failures } = this.#stable;
    return failures > this.#limit * calls ? this.#closed : sum(this.#closed, this.#canary);
  }

  #goTo(binIndex: number): void {
    if (binIndex <= this.#binIndex) return;
    this.#closed = this.#held();
    this.#canary = none();
    this.#stable = none();
    this.#binIndex = binIndex;
  }
}

function none(): Counts {
  return { calls: 0, failures: 0, callsSquared: 0, sessions: 0 };
}

function sum(a: Counts, b: Counts): Counts {
  return {
    calls: a.calls + b.calls,
    failures: a.failures + b.failures,
    callsSquared: a.callsSquared + b.callsSquared,
    sessions: a.sessions + b.sessions,
  };
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** ln Γ(x) for x > 0: Stirling's series above 8, the recurrence below. */
function logGamma(x: number): number {
  let shift = 0;
  let z = x;
  for (; z < 8; z += 1) shift -= Math.log(z);
  const series = 1 / (12 * z) - 1 / (360 * z ** 3) + 1 / (1260 * z ** 5);
  return shift + (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series;
}
