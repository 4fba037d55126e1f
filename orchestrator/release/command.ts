/**
 * Runs a command of the operator's own for a release.
 *
 * 1. The line goes to `sh -c`. What is put into it was checked to have no character that a shell
 *    reads (config/units.ts, release.ts).
 * 2. When it ends, is stopped or takes too long, all that it started is ended with it: SIGTERM
 *    first, SIGKILL after a grace.
 * 3. It never rejects: what became of it is data.
 */
import type { Clock } from '../../common/clock.js';
import { formatDuration } from '../../config/units.js';
import { endOfCommand, type CommandEnd as End } from '../proc/command.js';

export interface CommandOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  /** Stops it. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly onOutput: (chunk: Buffer, stream: 'stdout' | 'stderr') => void;
}

export interface CommandEnd {
  /** Null when it has none: it was not started, stopped, or ended by a signal. */
  readonly exitCode: number | null;
  /** Null when it ended by itself with exit code 0. */
  readonly trouble: string | null;
}

/** Between SIGTERM and SIGKILL. */
const GRACE_MS = 3_000;

/** Runs the line to its end. */
export async function runCommand(line: string, options: CommandOptions): Promise<CommandEnd> {
  const { cwd, env, timeoutMs, signal, clock, onOutput } = options;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeoutMs);
  const end = await endOfCommand(['/bin/sh', '-c', line], {
    cwd,
    env,
    signal: AbortSignal.any([signal, late.signal]),
    onOutput,
    grace: { ms: GRACE_MS, clock },
  });
  clearTimeout(timer);
  const aborted = signal.aborted
    ? 'it was stopped'
    : `it took longer than ${formatDuration(timeoutMs)}`;
  return {
    exitCode: end.kind === 'exited' ? end.code : null,
    trouble: end.kind === 'aborted' ? aborted : troubleOf(end),
  };
}

function troubleOf(end: Exclude<End, { kind: 'aborted' }>): string | null {
  switch (end.kind) {
    case 'exited':
      return end.code === 0 ? null : `it ended with exit code ${end.code}`;
    case 'killed':
      return `it was ended by ${end.by}`;
    case 'not-started':
      return `it could not be started (${end.code})`;
  }
}
