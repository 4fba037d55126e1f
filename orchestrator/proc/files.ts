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

/** The pids of all processes that there are. */
export function allPids(): number[] {
  return list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/**
 * The fields of a process' stat (proc(5)) from the third on, its state; empty when it is gone. The
 * second, the command's name in parentheses, may itself hold spaces and parentheses.
 */
export function statOf(pid: number): readonly string[] {
  const stat = read(`/proc/${pid}/stat`);
  return stat === '' ? [] : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** What a process was started with, by variable, as far as it shows it; null when it cannot be read. */
export function environOf(pid: number): ReadonlyMap<string, string> | null {
  const text = read(`/proc/${pid}/environ`);
  if (text === '') return null;
  const entries = text.split('\0').filter((entry) => entry.includes('='));
  return new Map(
    entries.map((entry) => {
      const at = entry.indexOf('=');
      return [entry.slice(0, at), entry.slice(at + 1)] as const;
    }),
  );
}

function orElse<T>(nothing: T, get: () => T): T {
  try {
    return get();
  } catch {
    return nothing;
  }
}
