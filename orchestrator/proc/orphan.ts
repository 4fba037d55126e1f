/**
 * A process that PM2 has started for an app and lost sight of. Told twice at the same moment to start
 * an app (`pm2 start` while a rollout restarts main), PM2 starts two processes: it opens the app's
 * logs first, and as long finds the app still stopped (God.startProcessId, God.forkMode of PM2). It
 * keeps the second. The first goes on, and where it has the app's port, the app cannot come up; nor
 * can one that is made anew under its name.
 */
import type { App, Daemon, ProcessManager } from '../process-manager.js';
import { environOf } from './files.js';
import type { Instance } from './instance.js';
import { treeListeners } from './listeners.js';
import { childrenOf, instanceOf, isAlive } from './tree.js';

/** What PM2 starts a process with, and what the app keeps when it is deleted and made anew. */
const NAME_KEY = 'name';

/**
 * The orphan of an app that listens on the port, itself or by what it started; null without one.
 *
 * It is certainly one, since all of this is so: it is a child of the daemon itself, it was started
 * under the app's name, and it still lives after the daemon has answered with a list of processes
 * that it is not in. PM2 lists a process from the moment in which it is there, until it has ended.
 */
export async function orphanOnPort(
  port: number,
  app: Pick<App, 'name'>,
  daemon: Pick<Daemon, 'pid'>,
  pm2: Pick<ProcessManager, 'list'>,
): Promise<Instance | null> {
  if (daemon.pid === null) return null;
  const holders = childrenOf(daemon.pid)
    .filter((pid) => environOf(pid)?.get(NAME_KEY) === app.name)
    .filter((pid) => treeListeners(pid).some((listener) => listener.port === port))
    .flatMap((pid) => instanceOf(pid) ?? []);
  if (holders.length === 0) return null;
  const apps = await pm2.list();
  if (apps.kind !== 'ok') return null;
  const known = new Set(apps.value.map(({ pid }) => pid));
  return holders.find((holder) => !known.has(holder.pid) && isAlive(holder)) ?? null;
}
