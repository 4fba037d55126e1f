/** A process group: what a command started and did not put elsewhere. Its id is its leader's pid. */
import type { Clock } from '../../common/clock.js';
import { allPids, statOf } from './files.js';

const POLL_MS = 20;

/** Sends a signal to all of the group that is left. */
export function signalGroup(id: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-id, signal);
  } catch {
    return; // Nothing of it is left.
  }
}

/** SIGTERM, and after `graceMs` SIGKILL for what is still there. */
export async function endGroup(id: number, graceMs: number, clock: Clock): Promise<void> {
  signalGroup(id, 'SIGTERM');
  for (let leftMs = graceMs; leftMs > 0 && livesOn(id); leftMs -= POLL_MS) {
    await clock.sleep(POLL_MS);
  }
  signalGroup(id, 'SIGKILL');
}

/** A zombie only waits for its parent, and does not count. */
function livesOn(id: number): boolean {
  return allPids().some((pid) => {
    const [state = 'Z', , group] = statOf(pid);
    return Number(group) === id && !'ZX'.includes(state);
  });
}
