/** The state folder: where the sockets and databases of both processes live. */
import { chmodSync, lstatSync, mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Linux allows 107 bytes for a unix socket's path (unix(7), sun_path). */
const MAX_SOCKET_PATH_BYTES = 107;

export interface Home {
  readonly dir: string;
  /** The orchestrator's control socket; the CLI speaks to it. */
  readonly controlSocket: string;
  /** The proxy's admin socket; the orchestrator speaks to it. */
  readonly proxySocket: string;
  /** The orchestrator's database. */
  readonly storeFile: string;
  /** The proxy's database: routes and sessions. */
  readonly proxyStoreFile: string;
  /** The secret that lets a browser act on the dashboard. */
  readonly tokenFile: string;
}

/** The state folder's paths: `$CANARY_HOME`, by default `~/.canary`. Nothing is created. */
export function homeFrom(env: NodeJS.ProcessEnv): Home {
  const dir = resolve(env['CANARY_HOME'] || join(homedir(), '.canary'));
  return {
    dir,
    controlSocket: join(dir, 'orchestrator.sock'),
    proxySocket: join(dir, 'proxy.sock'),
    storeFile: join(dir, 'rollouts.db'),
    proxyStoreFile: join(dir, 'proxy.db'),
    tokenFile: join(dir, 'dashboard.token'),
  };
}

/**
 * Creates the state folder, readable by its owner only; one that others can get into is closed to
 * them.
 * @throws Error when the folder's path is too long for a unix socket in it, or it is no folder of
 * this user's own.
 */
export function createHome(home: Home): void {
  const longest = Math.max(
    ...[home.controlSocket, home.proxySocket].map((path) => Buffer.byteLength(path)),
  );
  if (longest > MAX_SOCKET_PATH_BYTES) {
    throw new Error(
      `$CANARY_HOME is too long (${home.dir}): its sockets' paths take ${longest} bytes, at most ${MAX_SOCKET_PATH_BYTES} are allowed`,
    );
  }
  mkdirSync(home.dir, { recursive: true, mode: 0o700 });
  const found = statSync(home.dir);
  const uid = process.getuid?.();
  // A link that another user made could lead to another place tomorrow.
  const link = lstatSync(home.dir);
  if ([found, link].some((each) => each.uid !== uid)) {
    const owner = found.uid === uid ? link.uid : found.uid;
    throw new Error(
      `the state folder ${home.dir} belongs to the user with id ${owner}, wanted ${uid}: $CANARY_HOME names another`,
    );
  }
  if ((found.mode & 0o077) !== 0) chmodSync(home.dir, 0o700);
}
