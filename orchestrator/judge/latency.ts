/**
 * Latency: the share of the canary's answers that are slower than stable's 95th percentile for the
 * same tool.
 *
 * What counts as slow is fixed before the answer is seen, and is the same for both tracks: so equal
 * releases have equal shares of slow answers however wrong the estimate of the percentile is, and
 * the comparison of rates (rate-comparison.ts) holds as it does for errors.
 *
 * A fresh process is slow at first (caches, just-in-time compilers), whatever its release: calls of the
 * warm-up teach the percentile, and are compared with nothing.
 */
import type { JudgePolicy } from '../../config/types.js';
import { failure, type Check, type Finding } from './check.js';
import type { Difference } from './difference.js';
import { RateComparison } from './rate-comparison.js';
import { StreamQuantile } from './stream-quantile.js';
import { MAX_TOOLS, ToolNumbers } from './tools.js';
import type { CallEvent, EvidenceEvent, RolloutEvent } from './types.js';
import { percent } from './words.js';

const PERCENTILE = 0.95;

/** Fewer of stable's answers do not tell a tool's percentile; its calls are not compared before. */
const LEAST_ANSWERS = 20;

export class LatencyCheck implements Check {
  readonly #timesStable: number;
  readonly #warmUpMs: number;
  readonly #leastCalls: number;
  readonly #alpha: number;
  readonly #comparison: RateComparison;
  readonly #tools = new ToolNumbers();
  readonly #percentiles = Array.from({ length: MAX_TOOLS }, () => new StreamQuantile(PERCENTILE));
  #comparedFromMs = 0;
  #canaryCalls = 0;
  #failure: Finding | null = null;

  /** `alpha`: the chance that the check may fail a canary that is equal to stable. */
  constructor(policy: JudgePolicy, alpha: number) {
    this.#timesStable = policy.latency.timesStable;
    this.#warmUpMs = policy.latency.warmUpMs;
    this.#leastCalls = policy.minimum.calls;
    this.#alpha = alpha;
    this.#comparison = new RateComparison(alpha);
  }

  add(event: EvidenceEvent): void {
    if (event.type === 'rollout') this.#begin(event);
    else if (event.type === 'weight') this.#comparison.setWeight(event.weight);
    else if (event.type === 'call' && event.outcome === 'ok') this.#answered(event);
  }

  /** Too few answers to compare leave nothing to object to: the errors say whether there were enough calls. */
  assess(): Finding {
    if (this.#failure !== null) return this.#failure;
    const difference = this.#comparison.difference(this.#alpha);
    const enough = difference !== null && this.#canaryCalls >= this.#leastCalls;
    return {
      check: 'latency',
      state: 'pass',
      reason: enough
        ? compared(difference)
        : `${this.#canaryCalls} answers to compare after the warm-up`,
      numbers: this.#numbers(difference),
      settled: enough && difference.high < this.#tolerance(difference),
    };
  }

  #begin({ startedAtMs, weight }: RolloutEvent): void {
    this.#comparison.begin(startedAtMs, weight);
    this.#comparedFromMs = startedAtMs + this.#warmUpMs;
  }

  #answered(event: CallEvent): void {
    if (this.#failure !== null) return;
    const canary = event.track === 'canary';
    const percentile = this.#percentiles[this.#tools.of(event.tool)];
    if (percentile === undefined) return;
    const slow = event.latencyMs > percentile.value;
    const known = percentile.count >= LEAST_ANSWERS;
    if (!canary) percentile.add(event.latencyMs);
    const { atMs, session, tool } = event;
    if (!known || atMs < this.#comparedFromMs) return;
    this.#comparison.add({ atMs, session, tool, canary, incident: slow });
    if (!canary) return;
    this.#canaryCalls += 1;
    if (slow) this.#decide(atMs);
  }

  #decide(atMs: number): void {
    if (!this.#comparison.isDifferent) return;
    const difference = this.#comparison.difference(this.#alpha);
    if (difference === null) return;
    if (difference.difference <= this.#tolerance(difference)) return;
    const reason = `${condemned(difference)}; ${this.#comparison.odds}; most of it in ${this.#comparison.worstTool()}`;
    this.#failure = failure('latency', atMs, reason, this.#numbers(difference));
  }

  /** The difference of shares that is put up with. */
  #tolerance({ stable }: Difference): number {
    return (this.#timesStable - 1) * Math.max(stable, 1 - PERCENTILE);
  }

  #numbers(difference: Difference | null): Record<string, number> {
    return {
      canaryCalls: this.#canaryCalls,
      likelihoodRatio: this.#comparison.ratio,
      threshold: this.#comparison.threshold,
      ...difference,
    };
  }
}

/** With what decided, the ratio, in place of the interval. */
function condemned({ canary, stable }: Difference): string {
  return `${percent(canary)} of the canary's answers are slower than stable's 95th percentile, ${percent(stable)} of stable's own`;
}

function compared({ canary, stable, low, high }: Difference): string {
  const [from, to] = [Math.max(0, stable + low), Math.min(1, stable + high)];
  return `${percent(canary)} of the canary's answers are slower than stable's 95th percentile [${percent(from)}, ${percent(to)}], ${percent(stable)} of stable's own`;
}
