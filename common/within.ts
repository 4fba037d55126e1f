/** Bounds a wait. The work itself goes on: end it in its own way, if it has one. */

/**
 * What the work gives.
 * @param signal ends the wait early.
 * @throws Error when it takes longer than `timeoutMs`, the signal's reason, or what the work throws.
 */
export async function within<T>(
  timeoutMs: number,
  work: Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(new Error(`no answer within ${timeoutMs} ms`)),
    timeoutMs,
  );
  const ended = signal === undefined ? late.signal : AbortSignal.any([late.signal, signal]);
  const aborted = new Promise<never>((_, reject) => {
    const fail = (): void => reject(asError(ended.reason));
    if (ended.aborted) fail();
    else ended.addEventListener('abort', fail, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    clearTimeout(timer);
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
