/** A rest between two looks that ends early when something happens. */
import type { Clock } from '../../common/clock.js';

/** How often it is looked whether something has happened. */
const PULSE_MS = 200;

/**
 * Rests for `pauseMs`, but not past the signal, nor for longer than `isQuiet` holds. What was slept
 * is counted, since the clock may be set back meanwhile.
 */
export async function rest(
  clock: Clock,
  pauseMs: number,
  isQuiet: () => boolean,
  signal: AbortSignal,
): Promise<void> {
  for (let leftMs = pauseMs; leftMs > 0 && !signal.aborted && isQuiet(); leftMs -= PULSE_MS) {
    await clock.sleep(Math.min(leftMs, PULSE_MS), signal);
  }
}
