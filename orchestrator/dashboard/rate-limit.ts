/** A token bucket: so many at once, so many a second after that. */
import type { Clock } from '../../common/clock.js';

export class RateLimit {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #burst: number;
  readonly #perSecond: number;
  #left: number;
  #atMs: number;

  constructor(clock: Pick<Clock, 'now'>, burst: number, perSecond: number) {
    this.#clock = clock;
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#left = burst;
    this.#atMs = clock.now();
  }

  /** Takes one; false when there is none. */
  take(): boolean {
    const nowMs = this.#clock.now();
    const grown = (Math.max(0, nowMs - this.#atMs) / 1_000) * this.#perSecond;
    this.#left = Math.min(this.#burst, this.#left + grown);
    this.#atMs = nowMs;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
