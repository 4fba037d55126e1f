/**
 * Runs a command of the operator's own to its end.
 *
 * 1. It leads a process group of its own, and is ended with all that it started.
 * 2. Its output goes to whoever asks for it; else it is thrown away: it might be endless, and might
 *    hold secrets.
 * 3. It never rejects: what became of it is data.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../common/clock.js';
import { endGroup, signalGroup } from './group.js';

export interface CommandOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** What it reads; nothing by default. */
  readonly input?: string;
  /** Ends it early. */
  readonly signal: AbortSignal;
  /** Takes what it prints. */
  readonly onOutput?: (chunk: Buffer, stream: 'stdout' | 'stderr') => void;
  /** Between SIGTERM and SIGKILL, when it is ended; without one it is killed at once. */
  readonly grace?: { readonly ms: number; readonly clock: Clock };
}

export type CommandEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly by: string }
  /** `code` is the system's, such as ENOENT. */
  | { readonly kind: 'not-started'; readonly code: string }
  | { readonly kind: 'aborted' };

/** A process that left the group may hold the pipes open for ever. */
const LAST_OUTPUT_MS = 200;

/** Runs it. Never rejects. */
export async function endOfCommand(
  [program = '', ...args]: readonly string[],
  options: CommandOptions,
): Promise<CommandEnd> {
  const { cwd, env, input, signal, onOutput } = options;
  if (signal.aborted) return { kind: 'aborted' };
  const output = onOutput === undefined ? 'ignore' : 'pipe';
  const stdin = input === undefined ? 'ignore' : 'pipe';
  const child = spawn(program, args, {
    cwd,
    env,
    stdio: [stdin, output, output],
    detached: true,
  });
  child.stdout?.on('data', (chunk: Buffer) => onOutput?.(chunk, 'stdout'));
  child.stderr?.on('data', (chunk: Buffer) => onOutput?.(chunk, 'stderr'));
  // A command need not read what it is given.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const end = await exitOf(child, options);
  await endLeft(child, options);
  if (end.kind === 'not-started' || onOutput === undefined) return end;
  await Promise.race([closed, delay(LAST_OUTPUT_MS)]);
  child.stdout?.destroy();
  child.stderr?.destroy();
  return end;
}

function exitOf(child: ChildProcess, options: CommandOptions): Promise<CommandEnd> {
  const { signal } = options;
  return new Promise((resolve) => {
    const stop = (): void => void endLeft(child, options);
    signal.addEventListener('abort', stop, { once: true });
    child.once('error', ({ code = 'unknown' }: NodeJS.ErrnoException) => {
      signal.removeEventListener('abort', stop);
      resolve({ kind: 'not-started', code });
    });
    child.once('exit', (code, by) => {
      signal.removeEventListener('abort', stop);
      if (signal.aborted) resolve({ kind: 'aborted' });
      else if (code === null) resolve({ kind: 'killed', by: by ?? 'a signal' });
      else resolve({ kind: 'exited', code });
    });
  });
}

/** Ends what is left of its group, which lives as long as any process of it. */
async function endLeft({ pid }: ChildProcess, { grace }: CommandOptions): Promise<void> {
  if (pid === undefined) return;
  if (grace === undefined) signalGroup(pid, 'SIGKILL');
  else await endGroup(pid, grace.ms, grace.clock);
}
