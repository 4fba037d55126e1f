/** What a check of the set-up finds. */

export interface Diagnosis {
  /** What was looked at, in a word or two. */
  readonly check: string;
  readonly state: 'ok' | 'warning' | 'failure';
  /** One line. It holds no secret. */
  readonly message: string;
  /** What to do; null when there is nothing to do. */
  readonly remedy: string | null;
}

export const ok = (check: string, message: string): Diagnosis => ({
  check,
  state: 'ok',
  message,
  remedy: null,
});
export const warning = (check: string, message: string, remedy: string): Diagnosis => ({
  check,
  state: 'warning',
  message,
  remedy,
});
export const failure = (check: string, message: string, remedy: string): Diagnosis => ({
  check,
  state: 'failure',
  message,
  remedy,
});
