/** Errors: the canary's share of failed calls against its limit and against stable. */
import type { ErrorLimits, JudgePolicy, MinimumEvidence } from '../../config/types.js';
import { failure, type Check, type Finding } from './check.js';
import { meaningOf } from './outcome.js';
import type { CallEvent, EvidenceEvent } from './types.js';
import { percent } from './words.js';

/** Fewer errors than this on the canary say nothing. */
const LEAST_ERRORS = 5;

interface Tally {
  calls: number;
  errors: number;
  readonly sessions: Set<string>;
}

export class ErrorCheck implements Check {
  readonly #limits: ErrorLimits;
  readonly #minimum: MinimumEvidence;
  readonly #canary: Tally = { calls: 0, errors: 0, sessions: new Set() };
  readonly #stable: Tally = { calls: 0, errors: 0, sessions: new Set() };
  #failure: Finding | null = null;

  constructor(policy: JudgePolicy) {
    this.#limits = policy.errors;
    this.#minimum = policy.minimum;
  }

  add(event: EvidenceEvent): void {
    if (event.type !== 'call' || meaningOf(event.outcome) === 'nothing') return;
    const tally = event.track === 'canary' ? this.#canary : this.#stable;
    tally.calls += 1;
    if (tally.sessions.size < this.#minimum.sessions) tally.sessions.add(event.session);
    if (meaningOf(event.outcome) === 'ok') return;
    tally.errors += 1;
    if (event.track === 'canary') this.#decide(event);
  }

  assess(): Finding {
    if (this.#failure !== null) return this.#failure;
    const enough = this.#enough();
    return {
      check: 'errors',
      state: enough ? 'pass' : 'inconclusive',
      reason: enough ? this.#comparison() : this.#missing(),
      numbers: this.#numbers(),
      settled: false,
    };
  }

  #decide({ atMs }: CallEvent): void {
    if (this.#failure !== null || !this.#enough() || this.#canary.errors < LEAST_ERRORS) return;
    const { maxRatio, timesStable, overStable } = this.#limits;
    const canary = ratio(this.#canary);
    const stable = ratio(this.#stable);
    const worse =
      this.#stable.calls >= this.#minimum.calls &&
      canary > stable * timesStable &&
      canary > stable + overStable;
    if (worse || canary > maxRatio) {
      this.#failure = failure('errors', atMs, this.#comparison(), this.#numbers());
    }
  }

  #enough(): boolean {
    const { calls, sessions } = this.#minimum;
    return this.#canary.calls >= calls && this.#canary.sessions.size >= sessions;
  }

  #comparison(): string {
    const { calls, errors } = this.#canary;
    return `canary ${percent(ratio(this.#canary))} (${errors} of ${calls} calls), stable ${percent(ratio(this.#stable))}`;
  }

  #missing(): string {
    const { calls, sessions } = this.#minimum;
    return `${this.#canary.calls} calls in ${this.#canary.sessions.size} sessions on the canary, at least ${calls} in ${sessions} are wanted`;
  }

  #numbers(): Record<string, number> {
    return {
      canaryCalls: this.#canary.calls,
      canaryErrors: this.#canary.errors,
      stableCalls: this.#stable.calls,
      stableErrors: this.#stable.errors,
    };
  }
}

function ratio({ calls, errors }: Tally): number {
  return calls === 0 ? 0 : errors / calls;
}
