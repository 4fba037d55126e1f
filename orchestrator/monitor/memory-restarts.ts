/**
 * Which apps PM2 restarted because they exceeded max_memory_restart. To PM2's list such a restart
 * looks like an ordered one; only a line of the daemon's own log tells (lib/Worker.js of PM2).
 */
import { join } from 'node:path';
import { markEnd, readLines, type LogMark } from './log-tail.js';

const RESTARTED = /\bProcess (\d+) restarted because it exceeds --max-memory-restart\b/;

export interface MemoryRestarts {
  readonly pmIds: ReadonlySet<number>;
  readonly mark: LogMark;
}

/** The apps, by pm_id, that the daemon's log names after the mark; none the first time. */
export async function readMemoryRestarts(
  pm2Home: string,
  mark: LogMark | null,
): Promise<MemoryRestarts> {
  const path = join(pm2Home, 'pm2.log');
  const pmIds = new Set<number>();
  if (mark === null) return { pmIds, mark: await markEnd(path) };
  const next = await readLines(path, mark, (line) => {
    const pmId = RESTARTED.exec(line)?.[1];
    if (pmId !== undefined) pmIds.add(Number(pmId));
  });
  return { pmIds, mark: next };
}
