/**
 * Free ports below the range that the kernel hands out by itself (32768 and up), so that no client
 * socket takes one between the choice and its use.
 *
 * What keeps two choosers apart is a socket in Linux's abstract namespace, named after the port and
 * held until its process ends (unix(7)): no file is left behind, and no lock can be stale.
 */
import { createServer, type ListenOptions } from 'node:net';

const FIRST_PORT = 10_000;
const LAST_PORT = 32_000;
const MAX_TRIES = 1000;

/**
 * A port that is free now and that no other caller of this function gets, in any process, while
 * this process lives.
 * @throws Error when a thousand tries found none.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    const lock = await listen({ path: `\0canary-port-${port}` });
    if (lock === null) continue;
    // On all addresses, so that a listener on any one of them counts.
    const server = await listen({ port });
    if (server === null) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
  throw new Error(`no free port between ${FIRST_PORT} and ${LAST_PORT} in ${MAX_TRIES} tries`);
}

function listen(options: ListenOptions): Promise<ReturnType<typeof createServer> | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.unref();
    server.once('error', () => resolve(null));
    server.listen(options, () => resolve(server));
  });
}
