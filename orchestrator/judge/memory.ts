/** Memory: the canary's RSS against its limit and, once warm, against stable's. */
import type { JudgePolicy, MemoryLimits } from '../../config/types.js';
import { failure, type Check, type Finding } from './check.js';
import type { EvidenceEvent, ProcessEvent } from './types.js';
import { bytes } from './words.js';

/** So many samples in a row must be over a limit: one peak between two collections is no fault. */
const SAMPLES_IN_A_ROW = 3;

export class MemoryCheck implements Check {
  readonly #limits: MemoryLimits;
  #limitBytes: number | null;
  #canary: ProcessEvent | null = null;
  #stable: ProcessEvent | null = null;
  #overLimit = 0;
  #overStable = 0;
  #failure: Finding | null = null;

  constructor(policy: JudgePolicy) {
    this.#limits = policy.memory;
    this.#limitBytes = policy.memory.maxRssBytes;
  }

  add(event: EvidenceEvent): void {
    if (event.type === 'rollout') this.#limitBytes ??= event.rssLimitBytes ?? null;
    if (event.type !== 'process') return;
    if (event.track === 'canary') this.#sampled(event);
    else this.#stable = event;
  }

  assess(): Finding {
    if (this.#failure !== null) return this.#failure;
    const seen = this.#canary !== null;
    return {
      check: 'memory',
      state: seen ? 'pass' : 'inconclusive',
      reason: seen ? this.#sentence() : 'the memory of the canary was never seen',
      numbers: this.#numbers(),
      settled: seen,
    };
  }

  #sampled(event: ProcessEvent): void {
    this.#canary = event;
    const { rssBytes, uptimeMs } = event;
    const limitBytes = this.#limitBytes ?? Number.POSITIVE_INFINITY;
    this.#overLimit = rssBytes > limitBytes ? this.#overLimit + 1 : 0;
    const stable = this.#stable;
    const worse =
      stable !== null &&
      Math.min(uptimeMs, stable.uptimeMs) >= this.#limits.warmUpMs &&
      rssBytes > stable.rssBytes * this.#limits.timesStable;
    this.#overStable = worse ? this.#overStable + 1 : 0;
    if (Math.max(this.#overLimit, this.#overStable) >= SAMPLES_IN_A_ROW) {
      this.#failure ??= failure('memory', event.atMs, this.#sentence(), this.#numbers());
    }
  }

  #sentence(): string {
    const limit = this.#limitBytes === null ? '' : `, limit ${bytes(this.#limitBytes)}`;
    const stable = this.#stable === null ? '' : `, stable ${bytes(this.#stable.rssBytes)}`;
    return `canary ${bytes(this.#canary?.rssBytes ?? 0)}${stable}${limit}`;
  }

  #numbers(): Record<string, number> {
    return {
      ...(this.#canary === null ? {} : { canaryRssBytes: this.#canary.rssBytes }),
      ...(this.#stable === null ? {} : { stableRssBytes: this.#stable.rssBytes }),
      ...(this.#limitBytes === null ? {} : { limitBytes: this.#limitBytes }),
    };
  }
}
