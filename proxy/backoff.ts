/** Pauses between the tries to have a stream that lasts: longer each time, until one has held. */
import type { Clock } from '../common/clock.js';

const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 5_000;
/** A stream that held for longer starts again with the first pause. */
const STEADY_MS = 5_000;

export class Backoff {
  private pauseMs = FIRST_PAUSE_MS;
  private resting: AbortController | null = null;
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** The last try gave a stream for so long. */
  held(ms: number): void {
    if (ms > STEADY_MS) this.pauseMs = FIRST_PAUSE_MS;
  }

  /** Before the next try. */
  async pause(): Promise<void> {
    const { pauseMs } = this;
    this.pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
    await this.rest(pauseMs);
  }

  /** Before a try that has no hurry. */
  async rest(ms: number): Promise<void> {
    this.resting = new AbortController();
    await this.clock.sleep(ms, this.resting.signal);
    this.resting = null;
  }

  /** Ends a pause that is under way. */
  wake(): void {
    this.resting?.abort();
  }
}
