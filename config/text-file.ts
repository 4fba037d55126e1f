/** Files that people write, read with bounds. */
import { readFileSync, statSync } from 'node:fs';

const MAX_FILE_BYTES = 1 << 20;

/** The text, or what was got and wanted instead. */
export type Reading =
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly message: string };

/** Reads a file that a person wrote in YAML: UTF-8, at most 1 MiB. Never throws. */
export function readText(file: string): Reading {
  const refuse = (message: string): Reading => ({ ok: false, message });
  try {
    const stats = statSync(file);
    if (stats.isDirectory()) return refuse('got a folder, wanted a YAML file');
    if (!stats.isFile())
      return refuse('got something that is not a regular file, wanted a YAML file');
    if (stats.size > MAX_FILE_BYTES) {
      return refuse(`got ${stats.size} bytes, wanted at most ${MAX_FILE_BYTES}`);
    }
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file)) };
  } catch (error) {
    if (error instanceof TypeError)
      return refuse('got bytes that are not UTF-8, wanted UTF-8 text');
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    return refuse(code === 'ENOENT' ? 'no such file' : `cannot be read (${code})`);
  }
}
