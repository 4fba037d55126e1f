/** What a question to the orchestrator comes to. */

/** An answer, or why there is none: `usage` is the asker's mistake, `refused` means not now. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: 'usage' | 'refused'; readonly message: string };

export const ok = <T>(value: T): Answer<T> => ({ ok: true, value });

export const no = (code: 'usage' | 'refused', message: string): Answer<never> => ({
  ok: false,
  code,
  message,
});
