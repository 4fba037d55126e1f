/**
 * Free ports below the range that the kernel hands out by itself (32768 and up), so that no client
 * socket takes one between the choice and its use.
 *
 * What keeps two choosers apart is a socket in Linux's abstract namespace, named after the port and
 * held until its process ends (unix(7)): no file is left behind, and no lock can be stale.
 */
import { createServer, type ListenOptions } from 'node:net';

/** Above 10080, the last port that fetch refuses (Fetch standard, port blocking). */
const FIRST_PORT = 10_100;
const LAST_PORT = 32_000;
const MAX_TRIES = 1000;

/**
 * A port that is free now and that no other caller of this function gets, in any process, while
 * this process lives.
 * @throws Error when a thousand tries found none.
 */
export function freePort(): Promise<number> {
  return freePorts(1);
}

/**
 * The first of so many ports in a row; each as {@link freePort} gives them.
 * @throws Error when a thousand tries found none.
 */
export async function freePorts(count: number): Promise<number> {
  for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
    const first = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT - count));
    let port = first;
    while (port < first + count && (await claim(port))) port += 1;
    if (port === first + count) return first;
  }
  throw new Error(`no free port between ${FIRST_PORT} and ${LAST_PORT} in ${MAX_TRIES} tries`);
}

async function claim(port: number): Promise<boolean> {
  const lock = await listen({ path: `\0canary-port-${port}` });
  if (lock === null) return false;
  // On all addresses, so that a listener on any one of them counts.
  const server = await listen({ port });
  if (server === null) return false;
  await new Promise((resolve) => server.close(resolve));
  return true;
}

function listen(options: ListenOptions): Promise<ReturnType<typeof createServer> | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.unref();
    server.once('error', () => resolve(null));
    server.listen(options, () => resolve(server));
  });
}
