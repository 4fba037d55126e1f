/** Where `canary.yaml` is. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const CONFIG_FILE = 'canary.yaml';

export interface FindRequest {
  /** The value of `--config`. */
  readonly flag?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** The state folder. */
  readonly homeDir: string;
}

/** An absolute path, or one sentence that says what was looked for, and the places looked at. */
export type FindResult =
  | { readonly ok: true; readonly file: string }
  | { readonly ok: false; readonly message: string; readonly looked: readonly string[] };

/**
 * The first of: `--config`, `$CANARY_CONFIG`, the working directory, the state folder. A flag or
 * variable that points nowhere is an error: what an operator names is never passed over.
 */
export function findConfig({ flag, env, cwd, homeDir }: FindRequest): FindResult {
  if (flag !== undefined) return named('--config', resolve(cwd, flag));
  const variable = env['CANARY_CONFIG'];
  if (variable) return named('$CANARY_CONFIG', resolve(cwd, variable));
  const looked = [join(cwd, CONFIG_FILE), join(homeDir, CONFIG_FILE)];
  const file = looked.find((candidate) => existsSync(candidate));
  if (file !== undefined) return { ok: true, file };
  const message = `no ${CONFIG_FILE}: looked at ${looked.join(' and ')}; name one with --config or $CANARY_CONFIG`;
  return { ok: false, message, looked };
}

function named(by: string, file: string): FindResult {
  return existsSync(file)
    ? { ok: true, file }
    : { ok: false, message: `${by} names ${file}, which does not exist`, looked: [file] };
}
