/** Keeps the orchestrator's memory within its bounds: now and then, and a little at a time. */
import type { Clock } from '../common/clock.js';
import type { Logger } from '../common/log.js';
import type { Retention } from '../config/processes.js';
import type { Pruning } from './store/pruning.js';

const EVERY_MS = 600_000;
/** Between two steps, for all else. */
const PAUSE_MS = 20;

export interface RetentionParts {
  readonly pruning: Pruning;
  readonly retention: Retention;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Forgets what is to be forgotten until the signal is aborted. Never rejects. */
export async function retain(parts: RetentionParts, signal: AbortSignal): Promise<void> {
  const { pruning, retention, clock, log } = parts;
  while (!signal.aborted) {
    try {
      const steps = await forgetAll(parts, signal);
      if (steps > 0) log.info({ steps, ...retention }, 'forgot old rollouts or their evidence');
      else if (pruning.usedBytes > retention.maxSizeBytes)
        log.warn(
          { usedBytes: pruning.usedBytes, ...retention },
          'the history is larger than retention.maxSize, with nothing left to forget',
        );
    } catch (error) {
      log.error({ err: error }, 'cannot forget old rollouts now');
    }
    await clock.sleep(EVERY_MS, signal);
  }
}

/** Gives the number of steps. */
async function forgetAll(
  { pruning, retention, clock }: RetentionParts,
  signal: AbortSignal,
): Promise<number> {
  let steps = 0;
  while (!signal.aborted && pruning.step(clock.now(), retention)) {
    steps += 1;
    await clock.sleep(PAUSE_MS, signal);
  }
  return steps;
}
