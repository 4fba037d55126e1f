/** Processes of a benchmark: each is started on a port, awaited, and ended by its pid. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 10;
const START_TIMEOUT_MS = 60_000;
/** A clock tick of the kernel: a hundredth of a second. */
const TICK_US = 10_000;

export interface Running {
  readonly pid: number;
  /** Ends it, and waits until it is gone. */
  end(signal?: NodeJS.Signals): Promise<void>;
}

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Awaited: the process serves when this port takes connections. */
  readonly port: number;
}

/**
 * Starts a process and waits until it listens.
 * @throws Error when it ends before, or does not listen in time.
 */
export async function start({ command, args, env, port }: Command): Promise<Running> {
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await listens(port))) {
    if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}`);
    if (Date.now() > deadline) throw new Error(`${command} does not listen on ${port}`);
    await delay(POLL_MS);
  }
  return { pid: child.pid ?? 0, end: (signal = 'SIGKILL') => end(child, signal) };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}

/** Whether something takes connections on a port of 127.0.0.1. */
export function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/**
 * CPU time that processes have used, in microseconds (proc(5), stat).
 * @throws Error when one of them is gone.
 */
export function cpuUs(pids: readonly number[]): number {
  return pids.reduce((total, pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return total + (Number(fields[11]) + Number(fields[12])) * TICK_US;
  }, 0);
}

/**
 * Resident memory of processes, in bytes (proc(5), status).
 * @throws Error when one of them is gone.
 */
export function rssBytes(pids: readonly number[]): number {
  return pids.reduce((total, pid) => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return total + Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
  }, 0);
}
