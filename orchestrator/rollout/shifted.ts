/** A phase when the clock was set. Pure. */
import type { Phase } from './phase.js';

/** What is left of each of its times stays what it was. */
export function shifted(phase: Phase, byMs: number): Phase {
  const times = Object.entries(phase).filter(
    (entry): entry is [string, number] => TIMES.has(entry[0]) && typeof entry[1] === 'number',
  );
  return { ...phase, ...Object.fromEntries(times.map(([key, atMs]) => [key, atMs + byMs])) };
}

const TIMES: ReadonlySet<string> = new Set(['startedAtMs', 'endsAtMs', 'deadlineMs']);
