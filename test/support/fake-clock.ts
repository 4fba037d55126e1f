/** A clock that tests move: a night passes in milliseconds. */
import type { Clock } from '../../common/clock.js';

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

/** How often the program gets a turn before the clock goes on: enough for its chains of promises. */
const TURNS = 2;

export class FakeClock implements Clock {
  /** What the clock shows is this and what has elapsed, so that setting it wakes nobody. */
  #baseMs: number;
  #elapsedMs = 0;
  #sleepers: Sleeper[] = [];

  constructor(at: string) {
    this.#baseMs = Date.parse(at);
  }

  now(): number {
    return this.#baseMs + this.#elapsedMs;
  }

  /** What has passed, however the clock was set. */
  elapsed(): number {
    return this.#elapsedMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      this.#sleepers.push({ atMs: this.#elapsedMs + ms, wake });
      signal?.addEventListener('abort', wake);
    });
  }

  /** Lets time pass: every sleeper wakes at its time, in order. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#elapsedMs + ms;
    for (;;) {
      await turns();
      const next = this.#sleepers
        .filter(({ atMs }) => atMs <= untilMs)
        .sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#sleepers = this.#sleepers.filter((each) => each !== next);
      this.#elapsedMs = Math.max(this.#elapsedMs, next.atMs);
      next.wake();
    }
    this.#elapsedMs = untilMs;
    await turns();
  }

  /** Lets time pass until the clock shows a time. */
  to(at: string): Promise<void> {
    return this.advance(Date.parse(at) - this.now());
  }

  /** Sets the clock, forward or back, without time passing. */
  set(at: string): void {
    this.#baseMs = Date.parse(at) - this.#elapsedMs;
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) await new Promise((next) => setImmediate(next));
}
