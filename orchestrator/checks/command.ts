/**
 * Measures a command: good with exit code 0.
 *
 * 1. The line is the operator's own and goes to `sh -c` as it stands: nothing is put into it. What
 *    it may want to know is in its environment.
 * 2. Its output is thrown away: it might be endless, and might hold secrets.
 * 3. It is ended with all that it started.
 */
import { spawn } from 'node:child_process';
import { unmeasured, type Measurement } from './measurement.js';

/** What a shell says when there is no such command, or it cannot be run (POSIX, 2.8.2). */
const NOT_RUN: ReadonlySet<number | null> = new Set([126, 127]);

export interface CommandOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** Runs the line to its end, or until the signal is aborted. Never rejects. */
export function measureCommand(
  line: string,
  { cwd, env, signal }: CommandOptions,
): Promise<Measurement> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve(unmeasured('it was not run'));
      return;
    }
    const child = spawn('/bin/sh', ['-c', line], { cwd, env, stdio: 'ignore', detached: true });
    const kill = (): void => killGroup(child.pid);
    signal.addEventListener('abort', kill, { once: true });
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve(unmeasured(`it could not be started (${error.code ?? 'unknown'})`)),
    );
    child.once('exit', (code, killedBy) => {
      signal.removeEventListener('abort', kill);
      killGroup(child.pid);
      resolve(verdict(code, killedBy, signal.aborted));
    });
  });
}

function verdict(code: number | null, killedBy: string | null, aborted: boolean): Measurement {
  if (aborted) return unmeasured('no end in time');
  if (code === null) return unmeasured(`it was ended by ${killedBy ?? 'a signal'}`);
  if (NOT_RUN.has(code)) return unmeasured(`the shell could not run it (exit code ${code})`);
  return { ok: code === 0, value: code, error: null };
}

/** The shell leads a group of its own, which lives as long as any process of it. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    return; // Nothing of it is left.
  }
}
