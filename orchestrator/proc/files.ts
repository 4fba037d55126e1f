/** Reads in /proc. A process may be gone, or be another user's: then there is nothing to read. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A file's text, empty when it cannot be read. */
export function read(path: string): string {
  return orElse('', () => readFileSync(path, 'utf8'));
}

/** Where a symbolic link points, empty when it cannot be read. */
export function link(path: string): string {
  return orElse('', () => readlinkSync(path));
}

/** A folder's names, empty when it cannot be read. */
export function list(path: string): string[] {
  return orElse([], () => readdirSync(path));
}

function orElse<T>(nothing: T, get: () => T): T {
  try {
    return get();
  } catch {
    return nothing;
  }
}
