/**
 * Runs a command of the operator's own to its end.
 *
 * 1. Its output is thrown away: it might be endless, and might hold secrets.
 * 2. It is ended with all that it started.
 */
import { spawn } from 'node:child_process';
import { signalGroup } from './group.js';

export interface CommandOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** What it reads; nothing by default. */
  readonly input?: string;
  /** Ends it early. */
  readonly signal: AbortSignal;
}

export type CommandEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly by: string }
  /** `code` is the system's, such as ENOENT. */
  | { readonly kind: 'not-started'; readonly code: string }
  | { readonly kind: 'aborted' };

/** Runs it. Never rejects. */
export function endOfCommand(
  [program = '', ...args]: readonly string[],
  { cwd, env, input, signal }: CommandOptions,
): Promise<CommandEnd> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve({ kind: 'aborted' });
      return;
    }
    const stdin = input === undefined ? 'ignore' : 'pipe';
    const stdio: ['ignore' | 'pipe', 'ignore', 'ignore'] = [stdin, 'ignore', 'ignore'];
    const child = spawn(program, args, { cwd, env, stdio, detached: true });
    // It leads a group of its own, which lives as long as any process of it.
    const kill = (): void => {
      if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
    };
    signal.addEventListener('abort', kill, { once: true });
    child.once('error', ({ code = 'unknown' }: NodeJS.ErrnoException) => {
      signal.removeEventListener('abort', kill);
      resolve({ kind: 'not-started', code });
    });
    child.once('exit', (code, by) => {
      signal.removeEventListener('abort', kill);
      kill();
      if (signal.aborted) resolve({ kind: 'aborted' });
      else if (code === null) resolve({ kind: 'killed', by: by ?? 'a signal' });
      else resolve({ kind: 'exited', code });
    });
    // A command need not read what it is given.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}
