/**
 * What PM2 did to its apps that its list does not show: a restart because an app exceeded
 * max_memory_restart looks like an ordered one, and an ordered stop like an exit. Only lines of the
 * daemon's own log tell (lib/Worker.js and lib/God/ActionMethods.js of PM2).
 */
import { join } from 'node:path';
import { markEnd, readLines, type LogMark } from './log-tail.js';

const RESTARTED = /\bProcess (\d+) restarted because it exceeds --max-memory-restart\b/;
const STOPPING = /\bStopping app:.* id:(\d+)$/;

/** Apps, by pm_id. */
export interface DaemonDeeds {
  /** Restarted for their memory. */
  readonly memoryRestarts: ReadonlySet<number>;
  /** Told to stop: by a person, for a restart or by a deletion. */
  readonly stops: ReadonlySet<number>;
}

export const noDeeds: DaemonDeeds = { memoryRestarts: new Set(), stops: new Set() };

/** The deeds that the daemon's log names after the mark; none the first time. */
export async function readDaemonLog(
  pm2Home: string,
  mark: LogMark | null,
): Promise<{ readonly deeds: DaemonDeeds; readonly mark: LogMark }> {
  const path = join(pm2Home, 'pm2.log');
  if (mark === null) return { deeds: noDeeds, mark: await markEnd(path) };
  const memoryRestarts = new Set<number>();
  const stops = new Set<number>();
  const next = await readLines(path, mark, (line) => {
    const restarted = RESTARTED.exec(line)?.[1];
    if (restarted !== undefined) memoryRestarts.add(Number(restarted));
    const stopped = STOPPING.exec(line)?.[1];
    if (stopped !== undefined) stops.add(Number(stopped));
  });
  return { deeds: { memoryRestarts, stops }, mark: next };
}
