/**
 * How much more often something happens on the canary than on stable, in points, with an interval
 * that holds at all times at once. It is for people and for passing early; what fails a canary is
 * rate-comparison.ts.
 *
 * - Tools are told apart: the difference is the Mantel-Haenszel risk difference over tools, which a
 *   canary that happens to get the flaky tool does not change. Swapping the tracks turns its sign.
 * - Sessions are the units: the variance is multiplied by the design effect that the sessions show
 *   (Kish), with at least the clustering that a concentration of 5 means.
 * - The interval is the asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and
 *   Ramdas (2021), theorem 2.2.
 */
import type { History } from './session-history.js';
import { Sums } from './sums.js';
import { MAX_TOOLS } from './tools.js';

/** The intra-session correlation assumed at least: 1 / (1 + concentration). */
const LEAST_CORRELATION = 1 / 6;

/** The sequence is tightest when the difference is known with about this standard error. */
const TIGHTEST_ERROR = 0.02;

export interface Difference {
  /** Incidents per call. */
  readonly canary: number;
  /** What stable's rates, tool by tool, would have given on the canary's calls. */
  readonly stable: number;
  /** Canary's minus stable's, adjusted for tools, and its interval. */
  readonly difference: number;
  readonly low: number;
  readonly high: number;
}

interface Track {
  calls: number;
  incidents: number;
  /** Sums over sessions: calls², calls × incidents, incidents². */
  callsSquared: number;
  product: number;
  incidentsSquared: number;
  readonly toolCalls: Sums;
  readonly toolIncidents: Sums;
}

export class DifferenceEstimate {
  readonly #canary = newTrack();
  readonly #stable = newTrack();

  /** A call of a session whose history does not yet count it. */
  add(canary: boolean, tool: number, incident: boolean, { calls, incidents }: History): void {
    const track = canary ? this.#canary : this.#stable;
    const more = incident ? 1 : 0;
    track.calls += 1;
    track.incidents += more;
    track.callsSquared += 2 * calls + 1;
    track.product += incidents + more * (calls + 1);
    track.incidentsSquared += more * (2 * incidents + 1);
    track.toolCalls.add(tool, 1);
    if (incident) track.toolIncidents.add(tool, 1);
  }

  /** `alpha`: the chance that the interval ever misses the truth. Null before both tracks have calls. */
  estimate(alpha: number): Difference | null {
    const [canary, stable] = [this.#canary, this.#stable];
    if (canary.calls === 0 || stable.calls === 0) return null;
    const difference = this.#mantelHaenszel();
    const variance = varianceOf(canary) + varianceOf(stable);
    const radius = radiusOf(variance, alpha);
    const rate = canary.incidents / canary.calls;
    return {
      canary: rate,
      stable: Math.max(0, this.#expected()),
      difference,
      low: Math.max(-1, difference - radius),
      high: Math.min(1, difference + radius),
    };
  }

  #mantelHaenszel(): number {
    let sum = 0;
    let weights = 0;
    for (let tool = 0; tool < MAX_TOOLS; tool += 1) {
      const n = this.#canary.toolCalls.get(tool);
      const m = this.#stable.toolCalls.get(tool);
      if (n === 0 || m === 0) continue;
      const weight = (n * m) / (n + m);
      const canary = this.#canary.toolIncidents.get(tool) / n;
      sum += weight * (canary - this.#stable.toolIncidents.get(tool) / m);
      weights += weight;
    }
    return weights === 0 ? 0 : sum / weights;
  }

  /** Stable's rates on the canary's mix of tools. */
  #expected(): number {
    let sum = 0;
    let calls = 0;
    for (let tool = 0; tool < MAX_TOOLS; tool += 1) {
      const m = this.#stable.toolCalls.get(tool);
      if (m === 0) continue;
      const n = this.#canary.toolCalls.get(tool);
      sum += (n * this.#stable.toolIncidents.get(tool)) / m;
      calls += n;
    }
    return calls === 0 ? 0 : sum / calls;
  }
}

function newTrack(): Track {
  return {
    calls: 0,
    incidents: 0,
    callsSquared: 0,
    product: 0,
    incidentsSquared: 0,
    toolCalls: new Sums(MAX_TOOLS),
    toolIncidents: new Sums(MAX_TOOLS),
  };
}

/** The variance of a track's rate with sessions as units, never less than the assumed clustering gives. */
function varianceOf(track: Track): number {
  const { calls, incidents, callsSquared, product, incidentsSquared } = track;
  const rate = incidents / calls;
  const cautious = (incidents + 1) / (calls + 2);
  const independent = (cautious * (1 - cautious)) / calls;
  const assumed = 1 + (callsSquared / calls - 1) * LEAST_CORRELATION;
  const seen = (incidentsSquared - 2 * rate * product + rate * rate * callsSquared) / calls ** 2;
  return Math.max(seen, independent * assumed);
}

function radiusOf(variance: number, alpha: number): number {
  const information = TIGHTEST_ERROR ** 2 / variance;
  const spread = (2 * variance * (information + 1)) / information;
  return Math.sqrt(spread * Math.log(Math.sqrt(information + 1) / alpha));
}
