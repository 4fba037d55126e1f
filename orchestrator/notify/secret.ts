/** Reads a secret from where the configuration says that it is, each time anew: it may be changed meanwhile. */
import { readFile } from 'node:fs/promises';
import type { SecretFrom } from '../../config/notify.js';

/** The reason names the variable or the file, never what is in it. */
export type Secret =
  { readonly ok: true; readonly value: string } | { readonly ok: false; readonly reason: string };

const MAX_CHARS = 8_192;

/** The text of a variable or a file, without white space around it. */
export async function readSecret(from: SecretFrom, env: NodeJS.ProcessEnv): Promise<Secret> {
  const place = from.kind === 'env' ? `$${from.name}` : from.path;
  const none = (why: string): Secret => ({ ok: false, reason: `${place} ${why}` });
  let text: string | undefined;
  try {
    text = from.kind === 'env' ? env[from.name] : await readFile(from.path, 'utf8');
  } catch (error) {
    return none(`cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
  if (text === undefined) return none('is not set');
  const value = text.trim();
  if (value === '') return none('is empty');
  return value.length > MAX_CHARS
    ? none(`has more than ${MAX_CHARS} characters`)
    : { ok: true, value };
}
