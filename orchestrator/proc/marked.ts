/** Finds and ends the processes that carry a mark in their environment: what a canary started, wherever it ended up. */
import type { Clock } from '../../common/clock.js';
import { allPids, environOf } from './files.js';
import type { Instance } from './instance.js';
import { instanceOf, isAlive } from './tree.js';

const POLL_MS = 50;
/** How long the kernel may take to end what was sent SIGKILL. */
const KILL_MS = 1_000;

/** Living processes that were started with this variable. Those of other users cannot be seen. */
export function markedProcesses(key: string, value: string): readonly Instance[] {
  return allPids()
    .filter((pid) => pid !== process.pid && environOf(pid)?.get(key) === value)
    .flatMap((pid) => instanceOf(pid) ?? []);
}

/** A process' environment as far as it is asked for, by pid. Those of other users cannot be seen. */
export function processesWith(
  key: string,
): readonly { readonly pid: number; readonly environ: ReadonlyMap<string, string> }[] {
  return allPids().flatMap((pid) => {
    const environ = instanceOf(pid) === null ? null : environOf(pid);
    return environ?.has(key) === true ? [{ pid, environ }] : [];
  });
}

/** Asks them with the signal to end, after `graceMs` sends SIGKILL to those that are still there, and waits a moment for their end. */
export async function endProcesses(
  processes: readonly Instance[],
  asking: 'SIGINT' | 'SIGTERM',
  graceMs: number,
  clock: Clock,
): Promise<void> {
  signal(processes, asking);
  await ended(processes, graceMs, clock);
  signal(processes, 'SIGKILL');
  await ended(processes, KILL_MS, clock);
}

/** Waits until they are gone, so long at most. */
async function ended(processes: readonly Instance[], limitMs: number, clock: Clock): Promise<void> {
  for (let leftMs = limitMs; leftMs > 0 && processes.some(isAlive); leftMs -= POLL_MS) {
    await clock.sleep(POLL_MS);
  }
}

function signal(processes: readonly Instance[], name: NodeJS.Signals): void {
  for (const each of processes) {
    if (!isAlive(each)) continue;
    try {
      process.kill(each.pid, name);
    } catch {
      // Gone meanwhile, which is what is wanted.
    }
  }
}
