/**
 * Runs a command of the operator's own for a release.
 *
 * 1. The line goes to `sh -c`. What is put into it was checked to have no character that a shell
 *    reads (config/units.ts, release.ts).
 * 2. It leads a process group of its own. When it ends, is stopped or takes too long, the whole
 *    group is ended with it: SIGTERM first, SIGKILL after a grace.
 * 3. It never rejects: what became of it is data.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Clock } from '../../common/clock.js';
import { formatDuration } from '../../config/units.js';
import { endGroup } from '../proc/group.js';

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
  /** Null when it has none: it was not started, or ended by a signal. */
  readonly exitCode: number | null;
  /** Null when it ended by itself with exit code 0. */
  readonly trouble: string | null;
}

/** Between SIGTERM and SIGKILL. */
const GRACE_MS = 3_000;
const STOPPED = 'it was stopped';
/** A process that left the group may hold the pipes open for ever. */
const LAST_OUTPUT_MS = 200;

/** Runs the line to its end. */
export async function runCommand(line: string, options: CommandOptions): Promise<CommandEnd> {
  const { cwd, env, timeoutMs, signal, clock, onOutput } = options;
  const isStopped = (): boolean => signal.aborted;
  if (isStopped()) return { exitCode: null, trouble: STOPPED };
  const child = spawn('/bin/sh', ['-c', line], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  child.stdout.on('data', (chunk: Buffer) => onOutput(chunk, 'stdout'));
  child.stderr.on('data', (chunk: Buffer) => onOutput(chunk, 'stderr'));
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeoutMs);
  const exit = await exitOf(child, AbortSignal.any([signal, late.signal]), clock);
  clearTimeout(timer);
  if (child.pid !== undefined) {
    await endGroup(child.pid, GRACE_MS, clock);
    await Promise.race([closed, clock.sleep(LAST_OUTPUT_MS)]);
    child.stdout.destroy();
    child.stderr.destroy();
  }
  if (isStopped()) return { ...exit, trouble: STOPPED };
  return late.signal.aborted
    ? { ...exit, trouble: `it took longer than ${formatDuration(timeoutMs)}` }
    : exit;
}

function exitOf(child: ChildProcess, stop: AbortSignal, clock: Clock): Promise<CommandEnd> {
  return new Promise((resolve) => {
    const end = (): void => void (child.pid !== undefined && endGroup(child.pid, GRACE_MS, clock));
    stop.addEventListener('abort', end, { once: true });
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve({
        exitCode: null,
        trouble: `it could not be started (${error.code ?? 'unknown'})`,
      }),
    );
    child.once('exit', (exitCode, killedBy) => {
      stop.removeEventListener('abort', end);
      resolve({ exitCode, trouble: troubleOf(exitCode, killedBy) });
    });
  });
}

function troubleOf(exitCode: number | null, killedBy: string | null): string | null {
  if (exitCode === 0) return null;
  return exitCode === null
    ? `it was ended by ${killedBy ?? 'a signal'}`
    : `it ended with exit code ${exitCode}`;
}
