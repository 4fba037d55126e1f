/** Finds and ends the processes that carry a mark in their environment: what a canary started, wherever it ended up. */
import type { Clock } from '../../common/clock.js';
import { list, read } from './files.js';
import { instanceOf, isAlive, type Instance } from './tree.js';

const POLL_MS = 50;

/** Living processes that were started with this variable. Those of other users cannot be seen. */
export function markedProcesses(key: string, value: string): readonly Instance[] {
  const wanted = `\0${key}=${value}\0`;
  return list('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => `\0${read(`/proc/${name}/environ`)}`.includes(wanted))
    .flatMap((name) => instanceOf(Number(name)) ?? []);
}

/** A process' environment as far as it is asked for, by pid. Those of other users cannot be seen. */
export function processesWith(
  key: string,
): readonly { readonly pid: number; readonly environ: ReadonlyMap<string, string> }[] {
  return list('/proc')
    .filter((name) => /^\d+$/.test(name) && instanceOf(Number(name)) !== null)
    .map((name) => ({ pid: Number(name), environ: environOf(read(`/proc/${name}/environ`)) }))
    .filter(({ environ }) => environ.has(key));
}

function environOf(text: string): ReadonlyMap<string, string> {
  const entries = text.split('\0').filter((entry) => entry.includes('='));
  return new Map(
    entries.map((entry) => {
      const at = entry.indexOf('=');
      return [entry.slice(0, at), entry.slice(at + 1)] as const;
    }),
  );
}

/** Asks them with the signal to end, and after `graceMs` sends SIGKILL to those that are still there. */
export async function endProcesses(
  processes: readonly Instance[],
  asking: 'SIGINT' | 'SIGTERM',
  graceMs: number,
  clock: Clock,
): Promise<void> {
  signal(processes, asking);
  for (let leftMs = graceMs; leftMs > 0 && processes.some(isAlive); leftMs -= POLL_MS) {
    await clock.sleep(POLL_MS);
  }
  signal(processes, 'SIGKILL');
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
