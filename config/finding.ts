/** What is wrong between keys, before it is known where in the file it is written. */
import type { ProblemCode } from './problem-codes.js';
import type { Path } from './source.js';

export interface Finding {
  readonly code: ProblemCode;
  readonly severity: 'error' | 'warning';
  /** Where it may be written, best first: the place is the first of them that is. */
  readonly paths: readonly Path[];
  readonly message: string;
  /** Keys that are missed: where one is written all the same, it was faulty, which was told. */
  readonly missed?: readonly Path[];
}

export const error = (
  code: ProblemCode,
  paths: readonly Path[],
  message: string,
  missed: readonly Path[] = [],
): Finding => ({ code, severity: 'error', paths, message, missed });

export const warning = (code: ProblemCode, paths: readonly Path[], message: string): Finding => ({
  code,
  severity: 'warning',
  paths,
  message,
});
