/** Says that something long is under way: in a line that is rewritten on a terminal, else now and then. */
import type { Clock } from '../../../common/clock.js';
import { duration } from '../format.js';
import type { Io } from '../io.js';

const EVERY_MS = 1_000;
/** Where nothing can be rewritten, a line is printed so often. */
const PRINT_EVERY_MS = 30_000;

/** Does the work; `doing` tells at each moment what is done. Ends as the work does. */
export async function withProgress<T>(
  io: Io,
  clock: Clock,
  doing: () => string,
  work: Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const telling = tell(io, clock, doing, stop.signal);
  try {
    return await work;
  } finally {
    stop.abort();
    await telling;
    io.notice?.(null);
  }
}

async function tell(
  io: Io,
  clock: Clock,
  doing: () => string,
  stopped: AbortSignal,
): Promise<void> {
  const startedAtMs = clock.now();
  let printedAtMs = startedAtMs;
  for (;;) {
    await clock.sleep(EVERY_MS, stopped);
    if (stopped.aborted) return;
    const nowMs = clock.now();
    const text = `${doing()} (${duration(nowMs - startedAtMs)})`;
    if (io.notice !== undefined) io.notice(text);
    else if (nowMs - printedAtMs >= PRINT_EVERY_MS) {
      printedAtMs = nowMs;
      io.err(text);
    }
  }
}
