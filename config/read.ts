/** Finds and loads canary.yaml in one step, for the programs that cannot go on without it. */
import { findConfig, type FindRequest } from './find.js';
import { loadConfig } from './load.js';
import { formatProblems, type FormatOptions } from './problem.js';
import type { CanaryConfig } from './types.js';

export type ReadResult =
  | { readonly ok: true; readonly config: CanaryConfig }
  /** Everything that is wrong, ready to be shown to a person. */
  | { readonly ok: false; readonly message: string };

export function readConfig(request: FindRequest, options: FormatOptions): ReadResult {
  const found = findConfig(request);
  if (!found.ok) return { ok: false, message: found.message };
  const loaded = loadConfig(found.file, request.env);
  if (loaded.ok) return { ok: true, config: loaded.config };
  return { ok: false, message: formatProblems(loaded.problems, options) };
}
