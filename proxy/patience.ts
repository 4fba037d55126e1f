/**
 * How long calls wait for an instance that cannot be reached, e.g. while main restarts: each for a
 * time over all its tries, and so many at a time.
 */
import type { Acquired, Pin } from './pin.js';

const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 500;

/** How many calls of one service wait: bounded. */
export class Waiters {
  private size = 0;
  private readonly limit: number;
  /** How long each may wait in all. */
  readonly patienceMs: number;

  constructor(limit: number, patienceMs: number) {
    this.limit = limit;
    this.patienceMs = patienceMs;
  }

  /** False when there are too many; else the caller leaves again. */
  enter(): boolean {
    if (this.size >= this.limit) return false;
    this.size += 1;
    return true;
  }

  leave(): void {
    this.size -= 1;
  }
}

/** Why there is nothing more to wait for. */
const TIME_UP = 'it did not come back in time';
const REFUSED = 'too many calls wait for it';

/** One call's patience: spent while the call waits for an instance, and by nothing else. */
export class Patience {
  private leftMs: number;
  private pauseMs = FIRST_PAUSE_MS;
  private wake: (() => void) | null = null;
  private readonly waiters: Waiters;

  constructor(waiters: Waiters) {
    this.waiters = waiters;
    this.leftMs = waiters.patienceMs;
  }

  /** What the call has waited by now. */
  get waitedMs(): number {
    return this.waiters.patienceMs - this.leftMs;
  }

  /** What the pin gives; `unavailable` when that takes too long. Never rejects. */
  acquire(pin: Pin): Acquired | Promise<Acquired> {
    const acquired = pin.acquire();
    return acquired instanceof Promise ? this.until(acquired, pin) : acquired;
  }

  /**
   * Waits a moment before the next try, the last of which took `triedMs` to reach nobody. False
   * when there is nothing more to wait for.
   */
  async pause(triedMs = 0): Promise<boolean> {
    this.leftMs -= triedMs;
    const ms = Math.min(this.pauseMs, this.leftMs);
    this.pauseMs = Math.min(this.pauseMs * 2, MAX_PAUSE_MS);
    if (ms <= 0 || !this.waiters.enter()) return false;
    await this.spend(null, ms);
    return this.leftMs > 0;
  }

  /** An instance was found, and what comes of it lasts: the next wait is another one. */
  renew(): void {
    this.leftMs = this.waiters.patienceMs;
    this.pauseMs = FIRST_PAUSE_MS;
  }

  /** Nobody waits for the answer any more: a wait that is under way ends at once. */
  end(): void {
    this.leftMs = 0;
    this.wake?.();
  }

  private async until(acquiring: Promise<Acquired>, { track }: Pin): Promise<Acquired> {
    if (this.leftMs <= 0) return { kind: 'unavailable', track, reason: TIME_UP };
    if (!this.waiters.enter()) return { kind: 'unavailable', track, reason: REFUSED };
    const acquired = await this.spend(acquiring, this.leftMs);
    return acquired ?? { kind: 'unavailable', track, reason: TIME_UP };
  }

  /** What `work` gives; null when the time is up first. The caller has entered. */
  private async spend<T>(work: Promise<T> | null, limitMs: number): Promise<T | null> {
    const startedAt = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<null>((resolve) => {
      timer = setTimeout(resolve, limitMs, null);
      this.wake = () => resolve(null);
    });
    const given = await (work === null ? over : Promise.race([work, over]));
    clearTimeout(timer);
    this.wake = null;
    this.waiters.leave();
    this.leftMs -= performance.now() - startedAt;
    return given;
  }
}
