/** Errors: the canary's share of failed calls against stable's, tool by tool, and against its limit. */
import type { ErrorLimits, JudgePolicy, MinimumEvidence } from '../../config/types.js';
import { failure, type Check, type Finding } from './check.js';
import type { Difference } from './difference.js';
import { LimitTest } from './limit.js';
import { meaningOf, type Meaning } from './outcome.js';
import { RateComparison } from './rate-comparison.js';
import { SessionHistories } from './session-history.js';
import type { CallEvent, EvidenceEvent } from './types.js';
import { percent, points } from './words.js';

/** How the check splits its chance of a false alarm. */
const COMPARISON_SHARE = 0.97;

interface Tally {
  calls: number;
  errors: number;
}

export class ErrorCheck implements Check {
  readonly #limits: ErrorLimits;
  readonly #minimum: MinimumEvidence;
  readonly #alpha: number;
  readonly #comparison: RateComparison;
  readonly #limit: LimitTest;
  /** Sessions with their failures that are the server's own, without `isError` results. */
  readonly #histories = new SessionHistories();
  readonly #canary: Tally = { calls: 0, errors: 0 };
  readonly #stable: Tally = { calls: 0, errors: 0 };
  #canarySessions = 0;
  #failure: Finding | null = null;

  /** `alpha`: the chance that the check may fail a canary that is equal to stable. */
  constructor(policy: JudgePolicy, alpha: number) {
    this.#limits = policy.errors;
    this.#minimum = policy.minimum;
    this.#alpha = alpha;
    this.#comparison = new RateComparison(alpha * COMPARISON_SHARE);
    this.#limit = new LimitTest(policy.errors.maxRatio, alpha * (1 - COMPARISON_SHARE));
  }

  add(event: EvidenceEvent): void {
    if (event.type === 'rollout') this.#comparison.begin(event.startedAtMs, event.weight);
    else if (event.type === 'weight') this.#comparison.setWeight(event.weight);
    else if (event.type === 'call') this.#called(event, meaningOf(event.outcome));
  }

  assess(): Finding {
    if (this.#failure !== null) return this.#failure;
    const { calls, sessions } = this.#minimum;
    const difference = this.#comparison.difference(this.#alpha);
    const enough = this.#canary.calls >= calls && this.#canarySessions >= sessions;
    return {
      check: 'errors',
      state: enough ? 'pass' : 'inconclusive',
      reason: enough
        ? this.#compared(difference)
        : `${this.#canary.calls} calls in ${this.#canarySessions} sessions on the canary; at least ${calls} in ${sessions} are wanted`,
      numbers: this.#numbers(difference),
      settled: difference !== null && difference.high < this.#tolerance(difference),
    };
  }

  #called(event: CallEvent, meaning: Meaning): void {
    if (meaning === 'nothing' || this.#failure !== null) return;
    const canary = event.track === 'canary';
    const incident = meaning !== 'ok';
    const tally = canary ? this.#canary : this.#stable;
    tally.calls += 1;
    if (incident) tally.errors += 1;
    const { atMs, session, tool } = event;
    this.#comparison.add({ atMs, session, tool, canary, incident });
    this.#hold(event, canary, meaning === 'error');
    if (canary && incident) this.#decide(event);
  }

  /** Against the limit. */
  #hold(event: CallEvent, canary: boolean, failed: boolean): void {
    const history = this.#histories.of(event.session);
    this.#limit.add(event.atMs, canary, failed, history);
    if (canary && history.calls === 0) this.#canarySessions += 1;
    history.calls += 1;
    if (failed) history.incidents += 1;
  }

  #decide({ atMs }: CallEvent): void {
    const difference = this.#comparison.difference(this.#alpha);
    if (this.#comparison.isDifferent && difference !== null && this.#isWorse(difference)) {
      this.#fail(atMs, this.#condemned(difference), difference);
    } else if (this.#limit.breached()) {
      const { calls, failures } = this.#limit.counts;
      const reason = `${failures} of ${calls} calls on the canary failed (${percent(failures / calls)}), more than the limit of ${percent(this.#limits.maxRatio)}`;
      this.#fail(atMs, reason, difference);
    }
  }

  /** Beyond the tolerance, by the best estimate. */
  #isWorse(estimate: Difference): boolean {
    return estimate.difference > this.#tolerance(estimate);
  }

  /** The difference that is put up with, as a ratio. */
  #tolerance({ stable }: Difference): number {
    const { timesStable, overStable } = this.#limits;
    return Math.max(overStable, stable * (timesStable - 1));
  }

  #fail(atMs: number, reason: string, difference: Difference | null): void {
    this.#failure = failure('errors', atMs, reason, this.#numbers(difference));
  }

  /** With what decided, the ratio; the interval of few sessions can be wider than the difference. */
  #condemned(found: Difference): string {
    const { odds } = this.#comparison;
    return `${this.#seen()}, stable's rate on the same tools is ${percent(found.stable)}: canary ${points(found.difference)} points; ${odds}; most of it in ${this.#comparison.worstTool()}`;
  }

  #compared(difference: Difference | null): string {
    if (difference === null) return `${this.#seen()}, stable had none to compare with`;
    const { stable, low, high } = difference;
    return `${this.#seen()}, stable's rate on the same tools is ${percent(stable)}: canary ${points(difference.difference)} points [${points(low)}, ${points(high)}]`;
  }

  #seen(): string {
    const { calls, errors } = this.#canary;
    return `${errors} of ${calls} calls on the canary failed (${percent(ratio(this.#canary))})`;
  }

  #numbers(difference: Difference | null): Record<string, number> {
    return {
      canaryCalls: this.#canary.calls,
      canaryErrors: this.#canary.errors,
      canarySessions: this.#canarySessions,
      stableCalls: this.#stable.calls,
      stableErrors: this.#stable.errors,
      likelihoodRatio: this.#comparison.ratio,
      threshold: this.#comparison.threshold,
      ...difference,
    };
  }
}

function ratio({ calls, errors }: Tally): number {
  return calls === 0 ? 0 : errors / calls;
}
