/**
 * Memory: the RSS of the canary's process tree against its limit, against stable's, and where its
 * growth would lead with all the traffic on it.
 *
 * 1. Over the limit, or too many times stable's, for a while: fails at once.
 * 2. Growth is judged at the window's end, because what warms up grows too; before it only when it is
 *    more than a warm-up takes. Looks come at fixed shares of the window, not when somebody asks.
 */
import type { JudgePolicy, MemoryLimits } from '../../config/types.js';
import { failure, type Check, type Finding } from './check.js';
import { normalQuantile } from './normal.js';
import { project, sideOf, type Projection } from './projection.js';
import { RssSeries } from './rss-series.js';
import type { EvidenceEvent, ProcessEvent, RolloutEvent } from './types.js';
import { bytes, duration } from './words.js';

/** So many samples in a row over the limit: one peak between two collections is no fault. */
const SAMPLES_IN_A_ROW = 3;

/** Shares of the window after which growth is looked at; the last look comes just before its end. */
const LOOK_EVERY = 0.1;
const LAST_LOOK = 0.99;

/** Growth that a warm-up may take; before the window's end only more than this is called a leak. */
const WARM_UP_BYTES = 64e6;

export class MemoryCheck implements Check {
  readonly #limits: MemoryLimits;
  /** Standard errors that make growth certain. */
  readonly #z: number;
  readonly #canary = new RssSeries();
  readonly #stable = new RssSeries();
  #rollout: RolloutEvent | null = null;
  #limitBytes: number | null;
  #latest: { canary: ProcessEvent | null; stable: ProcessEvent | null };
  #overLimit = 0;
  #overStableSinceMs: number | null = null;
  #nextLook = LOOK_EVERY;
  #projection: Projection | null = null;
  #failure: Finding | null = null;

  /** `alpha`: the chance that the check may take growth for a leak where there is none. */
  constructor(policy: JudgePolicy, alpha: number) {
    this.#limits = policy.memory;
    this.#limitBytes = policy.memory.maxRssBytes;
    this.#z = normalQuantile(alpha);
    this.#latest = { canary: null, stable: null };
  }

  add(event: EvidenceEvent): void {
    if (event.type === 'rollout') {
      this.#rollout = event;
      this.#limitBytes ??= event.rssLimitBytes ?? null;
    }
    if (event.type !== 'process' || this.#failure !== null) return;
    if (event.track === 'canary') this.#canarySampled(event);
    else {
      this.#latest.stable = event;
      this.#stable.add(event);
    }
  }

  assess(): Finding {
    if (this.#failure !== null) return this.#failure;
    const seen = this.#latest.canary !== null;
    return {
      check: 'memory',
      state: seen ? 'pass' : 'inconclusive',
      reason: seen ? this.#sentence() : 'the memory of the canary was never seen',
      numbers: this.#numbers(),
      settled: seen && (this.#limitBytes === null || this.#projection?.safe === true),
    };
  }

  #canarySampled(event: ProcessEvent): void {
    this.#latest.canary = event;
    if (event.uptimeMs >= this.#limits.warmUpMs) this.#canary.add(event);
    if (this.#isOverLimit(event)) this.#fail(event, this.#overLimitSentence(event));
    else if (this.#isOverStable(event)) this.#fail(event, this.#overStableSentence(event));
    else this.#lookWhenDue(event);
  }

  #isOverLimit({ rssBytes }: ProcessEvent): boolean {
    const over = this.#limitBytes !== null && rssBytes > this.#limitBytes;
    this.#overLimit = over ? this.#overLimit + 1 : 0;
    return this.#overLimit >= SAMPLES_IN_A_ROW;
  }

  /** Over stable for as long as a warm-up takes, and after it. */
  #isOverStable({ atMs, rssBytes, uptimeMs }: ProcessEvent): boolean {
    const { stable } = this.#latest;
    const { timesStable, warmUpMs } = this.#limits;
    if (stable === null || uptimeMs < warmUpMs || rssBytes <= timesStable * stable.rssBytes) {
      this.#overStableSinceMs = null;
      return false;
    }
    this.#overStableSinceMs ??= atMs;
    return atMs - this.#overStableSinceMs >= warmUpMs;
  }

  #lookWhenDue(event: ProcessEvent): void {
    const rollout = this.#rollout;
    if (rollout === null) return;
    const elapsed = (event.atMs - rollout.startedAtMs) / rollout.windowMs;
    if (elapsed < this.#nextLook) return;
    const ended = elapsed >= LAST_LOOK;
    this.#nextLook = nextLook(elapsed);
    const canary = sideOf(this.#canary);
    if (canary === null) return;
    const projection = project(canary, sideOf(this.#stable), {
      limitBytes: this.#limitBytes,
      horizonMs: this.#limits.horizonMs,
      weight: rollout.weight,
      z: this.#z,
    });
    this.#projection = projection;
    const leak = projection.excess > this.#z && projection.reaches;
    const warmingUp = !ended && canary.growth.grownBytes <= WARM_UP_BYTES;
    if (leak && !warmingUp) this.#fail(event, this.#growthSentence(projection));
  }

  #fail({ atMs }: ProcessEvent, reason: string): void {
    this.#failure = failure('memory', atMs, reason, this.#numbers());
  }

  #sentence(): string {
    const { canary, stable } = this.#latest;
    const sizes = [
      `canary ${bytes(canary?.rssBytes ?? 0)}`,
      ...(stable === null ? [] : [`stable ${bytes(stable.rssBytes)}`]),
      ...(this.#limitBytes === null ? [] : [`limit ${bytes(this.#limitBytes)}`]),
    ].join(', ');
    const growth =
      this.#projection === null
        ? 'no trend to be seen yet'
        : this.#growthSentence(this.#projection);
    return `${sizes}; ${growth}`;
  }

  #growthSentence(projection: Projection): string {
    const { bytesPerHour, bytesPerSession, stableBytesPerHour, toLimitMs } = projection;
    const session = bytesPerSession === null ? '' : ` (${bytes(bytesPerSession)} a session)`;
    const stable = stableBytesPerHour === null ? '' : `, stable ${bytes(stableBytesPerHour)}/h`;
    const limit =
      this.#limitBytes === null || toLimitMs === null
        ? ''
        : `: at full traffic reaches ${bytes(this.#limitBytes)} in ${duration(toLimitMs)}`;
    return `canary grows ${bytes(bytesPerHour)}/h${session}${stable}${limit}`;
  }

  #overLimitSentence({ rssBytes }: ProcessEvent): string {
    return `canary ${bytes(rssBytes)}, over the limit of ${bytes(this.#limitBytes ?? 0)}`;
  }

  #overStableSentence({ rssBytes }: ProcessEvent): string {
    const stable = bytes(this.#latest.stable?.rssBytes ?? 0);
    return `canary ${bytes(rssBytes)}, more than ${this.#limits.timesStable} times stable's ${stable}`;
  }

  #numbers(): Record<string, number> {
    const { canary, stable } = this.#latest;
    const numbers = {
      canaryRssBytes: canary?.rssBytes,
      stableRssBytes: stable?.rssBytes,
      limitBytes: this.#limitBytes,
      bytesPerHour: this.#projection?.bytesPerHour,
      bytesPerSession: this.#projection?.bytesPerSession,
      bytesPerCall: this.#projection?.bytesPerCall,
      stableBytesPerHour: this.#projection?.stableBytesPerHour,
      toLimitMs: this.#projection?.toLimitMs,
      excess: this.#projection?.excess,
    };
    return Object.fromEntries(
      Object.entries(numbers).filter((entry): entry is [string, number] => entry[1] != null),
    );
  }
}

/** The share of the window at which the look after this one is due. */
function nextLook(elapsed: number): number {
  const next = (Math.floor(elapsed / LOOK_EVERY + 1e-9) + 1) * LOOK_EVERY;
  return elapsed < LAST_LOOK ? Math.min(next, LAST_LOOK) : Math.max(next, 1 + LOOK_EVERY);
}
