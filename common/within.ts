/** Bounds a wait. The work itself goes on: end it in its own way, if it has one. */

/**
 * What the work gives.
 * @throws Error when it takes longer than `timeoutMs`, or what the work throws.
 */
export async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
