/** A receiver of notifications: a real HTTP server whose behaviour is a list, one entry a request. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { freePort } from '../../support/ports.js';

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What the server does with one request. */
export type Behaviour = (res: ServerResponse) => void;

export const answers =
  (status: number, headers: Readonly<Record<string, string>> = {}): Behaviour =>
  (res) =>
    res.writeHead(status, headers).end('a body that is not looked at');
export const hangs: Behaviour = () => undefined;
export const resets: Behaviour = (res) => res.socket?.destroy();

export interface Receiver {
  readonly url: string;
  readonly host: string;
  readonly received: Received[];
  /** What is done next, one by one; 204 when the list is empty. */
  readonly script: Behaviour[];
  close(): Promise<void>;
}

/** Starts one. Its path is what a secret address would be. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const script: Behaviour[] = [];
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      received.push({ headers: req.headers, body: Buffer.concat(chunks).toString() });
      (script.shift() ?? answers(204))(res);
    });
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const host = `127.0.0.1:${port}`;
  return {
    url: `http://${host}/services/T000/pathsecret`,
    host,
    received,
    script,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
