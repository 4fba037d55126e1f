/** The fixture server's file of what ran when: a line each. */
import { existsSync, readFileSync } from 'node:fs';

/** When each call to the tool that is not read-only ran, by its key: by this process' `performance.now()`. */
export type Runs = ReadonlyMap<string, readonly number[]>;

/** What the server writes when a call runs. */
export function runLine(key: string): string {
  return `${key} ${Date.now()}\n`;
}

/** Reads the file; one that is not there yet has no runs. */
export function readRuns(file: string): Runs {
  const runs = new Map<string, number[]>();
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  for (const line of lines) {
    const [key, at] = line.split(' ');
    if (key === undefined || at === undefined) continue;
    runs.set(key, [...(runs.get(key) ?? []), Number(at) - performance.timeOrigin]);
  }
  return runs;
}

/** How many calls ran more than once. */
export function ranTwice(runs: Runs): number {
  return [...runs.values()].filter((times) => times.length > 1).length;
}
