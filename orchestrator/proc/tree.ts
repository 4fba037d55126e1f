/**
 * Processes and what they started, read from /proc (proc(5)). A server is often not the process
 * that PM2 started (`uv run`, `npm start`, `bash -c`), so memory and ports are those of a whole tree.
 *
 * Every read may find the process gone: that is an answer, not an error.
 */
import { list, read, statOf } from './files.js';
import type { Instance } from './instance.js';

/** Deeper or wider than any server; what lies beyond is not walked. */
const MAX_PROCESSES = 10_000;

/** The process that has this pid now; null when there is none, or only a zombie. */
export function instanceOf(pid: number): Instance | null {
  const fields = statOf(pid);
  const [state, startTicks] = [fields[0] ?? '', fields[19]];
  if (startTicks === undefined || 'ZX'.includes(state)) return null;
  return { pid, startTicks: Number(startTicks) };
}

/** Whether that very process still lives. */
export function isAlive(instance: Instance): boolean {
  return instanceOf(instance.pid)?.startTicks === instance.startTicks;
}

/** A living process and all its living descendants, itself first. Empty when it is gone. */
export function treePids(pid: number): readonly number[] {
  if (instanceOf(pid) === null) return [];
  const pids = new Set([pid]);
  // A set is walked in the order of insertion, what is added meanwhile included.
  for (const parent of pids) {
    for (const child of childrenOf(parent)) if (pids.size < MAX_PROCESSES) pids.add(child);
  }
  return [...pids];
}

/** The processes that a process has started itself, and that it still has. Each thread has its own. */
export function childrenOf(pid: number): number[] {
  return list(`/proc/${pid}/task`).flatMap((thread) =>
    read(`/proc/${pid}/task/${thread}/children`).trim().split(' ').filter(Boolean).map(Number),
  );
}

/** Resident memory of the whole tree: the sum of each process's VmRSS. 0 when it is gone. */
export function treeRssBytes(pid: number): number {
  return treePids(pid).reduce((sum, each) => sum + rssBytes(each), 0);
}

/** In kB whatever the machine's page size is, unlike statm. */
function rssBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}
