/**
 * A check of the operator's own: fails when so many measurements in a row are bad. One that could
 * not be made is neither good nor bad, and as long as it is the newest the check is in error.
 */
import type { CustomCheck as CheckConfig } from '../../config/types.js';
import { failure, type Check, type Finding } from './check.js';
import type { CheckEvent, CheckState, EvidenceEvent } from './types.js';
import { duration } from './words.js';

/** Without a measurement for so many intervals (and one time-out) nobody measures any more. */
const STALE_INTERVALS = 3;

export class CustomCheck implements Check {
  readonly #config: CheckConfig;
  #last: CheckEvent | null = null;
  #good = 0;
  #bad = 0;
  #badInARow = 0;
  #failure: Finding | null = null;

  constructor(config: CheckConfig) {
    this.#config = config;
  }

  add(event: EvidenceEvent): void {
    if (event.type !== 'check' || event.name !== this.#config.name) return;
    this.#last = event;
    if (event.ok === true) {
      this.#good += 1;
      this.#badInARow = 0;
    } else if (event.ok === false) {
      this.#bad += 1;
      this.#badInARow += 1;
    }
    if (this.#badInARow < this.#config.failures) return;
    const reason = `${this.#measured()}, ${this.#badInARow} times in a row`;
    this.#failure ??= failure(this.#name, event.atMs, reason, this.#numbers());
  }

  assess(nowMs: number): Finding {
    if (this.#failure !== null) return this.#failure;
    const { state, reason } = this.#state(nowMs);
    const numbers = this.#numbers();
    return { check: this.#name, state, reason, numbers, settled: state === 'pass' };
  }

  get #name(): string {
    return `custom:${this.#config.name}`;
  }

  #state(nowMs: number): { readonly state: CheckState; readonly reason: string } {
    const { everyMs, timeoutMs, failures } = this.#config;
    if (this.#last === null) return { state: 'inconclusive', reason: 'it was not measured yet' };
    const { ok, error, atMs } = this.#last;
    if (ok === null) return { state: 'error', reason: error ?? 'it could not be measured' };
    const ageMs = nowMs - atMs;
    if (ageMs > STALE_INTERVALS * everyMs + timeoutMs) {
      return { state: 'error', reason: `it was not measured for ${duration(ageMs)}` };
    }
    if (ok) return { state: 'pass', reason: this.#measured() };
    const times = `${this.#badInARow} of ${failures} times in a row`;
    return { state: 'inconclusive', reason: `${this.#measured()}, ${times}` };
  }

  /** The newest measurement with its limits. */
  #measured(): string {
    const { source, min, max } = this.#config;
    const value = this.#last?.value ?? 'nothing';
    switch (source.kind) {
      case 'http':
        return `status ${value}`;
      case 'command':
        return `exit code ${value}`;
      case 'promql': {
        const least = min === null ? [] : [`at least ${min}`];
        const most = max === null ? [] : [`at most ${max}`];
        return `${value}, wanted ${[...least, ...most].join(' and ')}`;
      }
    }
  }

  #numbers(): Record<string, number> {
    const value = this.#last?.value ?? null;
    const counts = { good: this.#good, bad: this.#bad, badInARow: this.#badInARow };
    return value === null ? counts : { ...counts, value };
  }
}
