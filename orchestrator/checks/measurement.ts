/** What measuring a check gives. */

/** `ok` is null when it could not be measured, and `error` says why, without any of the answer. */
export interface Measurement {
  readonly ok: boolean | null;
  readonly value: number | null;
  readonly error: string | null;
}

export function unmeasured(error: string): Measurement {
  return { ok: null, value: null, error };
}

/** Why a request got no answer, in words that hold nothing of its address. */
export function requestTrouble(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer';
  if (error.name === 'TimeoutError') return 'no answer in time';
  const code = (error.cause as NodeJS.ErrnoException | undefined)?.code;
  return code === undefined ? 'no answer' : `no answer (${code})`;
}
