/** A process group: what a command started and did not put elsewhere. Its id is its leader's pid. */
import type { Clock } from '../../common/clock.js';

const POLL_MS = 20;

/** Sends a signal to all of the group; false when nothing of it is left. */
export function signalGroup(id: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-id, signal);
    return true;
  } catch {
    return false;
  }
}

/** SIGTERM, and after `graceMs` SIGKILL for what is still there. */
export async function endGroup(id: number, graceMs: number, clock: Clock): Promise<void> {
  if (!signalGroup(id, 'SIGTERM')) return;
  const untilMs = clock.now() + graceMs;
  while (signalGroup(id, 0) && clock.now() < untilMs) await clock.sleep(POLL_MS);
  signalGroup(id, 'SIGKILL');
}
