/** Notices that the clock was set: no time has passed by that. */

/** More than a clock is slewed by between two looks. */
const LEAST_STEP_MS = 1_000;

export class ClockSteps {
  private offset: number;
  private readonly now: () => number;
  private readonly monotonic: () => number;

  /** @param now Unix milliseconds; `monotonic` is never set. */
  constructor(now: () => number, monotonic: (() => number) | undefined = () => performance.now()) {
    this.now = now;
    this.monotonic = monotonic;
    this.offset = now() - monotonic();
  }

  /** By how much the clock was set since the last call, forward or (negative) back. 0: it was not. */
  since(): number {
    const offset = this.now() - this.monotonic();
    const stepMs = offset - this.offset;
    this.offset = offset;
    return Math.abs(stepMs) < LEAST_STEP_MS ? 0 : stepMs;
  }
}
