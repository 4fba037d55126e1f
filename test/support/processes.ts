/** Child processes of tests: each is ended by its pid. */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { waitFor } from './wait.js';

/** Whether a process of this id lives. A zombie does not: it only waits for its parent. */
export function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Sends a signal to a process that may have ended already. */
export function signal(pid: number, name: NodeJS.Signals): void {
  if (isRunning(pid)) process.kill(pid, name);
}

/** Kills a process with SIGKILL and waits until it is gone. */
export async function killAndWait(pid: number): Promise<void> {
  signal(pid, 'SIGKILL');
  await waitFor(() => !isRunning(pid), { what: `process ${pid} to end` });
}

export interface Started {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Kills it and waits until it is gone. */
  end(): Promise<void>;
}

/** Starts a process. Its output is dropped unless `options.stdio` says otherwise. */
export function start(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Started {
  const child = spawn(command, args, { stdio: 'ignore', ...options });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} could not be started`);
  return { pid, child, end: () => killAndWait(pid) };
}
