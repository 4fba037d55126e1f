/** Raw sockets against a real proxy: its listener, and the admin socket of both processes. */
import fc from 'fast-check';
import { createServer, type Server } from 'node:http';
import { connect, type NetConnectOpts } from 'node:net';
import { callUnix, type UnixReply } from '../../common/unix-http.js';
import { route, startProxy, type TestProxy } from '../proxy/support/proxies.js';
import { freePort } from '../support/ports.js';
import { waitFor } from '../support/wait.js';
import { mutated } from './targets.js';

const HOST = 'Host: a\r\n';
const REQUESTS = [
  `GET /one HTTP/1.1\r\n${HOST}\r\n`,
  `POST /two HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`,
  `POST /three HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
];
const PIECES = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  '\t',
  'Content-Length: 3\r\n',
  'Content-Length: 0\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding : chunked\r\n',
  'Transfer-Encoding: chunked, identity\r\n',
  'Connection: close, content-length\r\n',
  '0\r\n\r\n',
  ';a="\r\n',
  'ffffffffffffffff\r\n',
  `GET /smuggled HTTP/1.1\r\n${HOST}\r\n`,
  'Expect: 100-continue\r\n',
  'Connection: upgrade\r\nUpgrade: websocket\r\n',
  '/',
  '\\',
  '#',
  ' HTTP/1.0\r\n',
  '\x80',
];
const LIMIT_MS = 30_000;
const RECENT = 4;

/** A server that tells of each request that came whole. */
class Witness {
  readonly #server: Server;

  constructor(onRequest: (request: string) => void) {
    this.#server = createServer((req, res) => {
      let body = '';
      req.setEncoding('latin1');
      req.on('data', (chunk: string) => (body += chunk));
      req.on('end', () => {
        onRequest(`${req.method} ${req.url} ${body}`);
        res.end('ok');
      });
      req.on('error', () => undefined);
    });
  }

  async open(): Promise<number> {
    // What came whole before the fault is told first.
    this.#server.on('clientError', (_, socket) => setImmediate(() => socket.destroy()));
    const port = await freePort();
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    return port;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/**
 * How often each request was read by Node's own server and not by main. Over all inputs, since main
 * may be told of one only when its client has gone; the paths bear their input's number, so that no
 * other input's request stands for it.
 */
class Ledger {
  readonly #owed = new Map<string, number>();
  readonly #beyond: string[] = [];
  /** The latest inputs: the last one need not be the one that main was late with. */
  #sent: string[] = [];

  sending(input: string): void {
    this.#sent = [...this.#sent, input].slice(-RECENT);
  }

  add(request: string, count: 1 | -1): void {
    const owed = (this.#owed.get(request) ?? 0) + count;
    if (owed === 0) this.#owed.delete(request);
    else this.#owed.set(request, owed);
    if (count < 0) this.#beyond.push(request);
  }

  /** Throws when main has had something more often than Node's server; each is told once. */
  check(): void {
    const more = this.#beyond.splice(0).filter((request) => (this.#owed.get(request) ?? 0) < 0);
    for (const request of more) this.#owed.delete(request);
    if (more.length > 0)
      throw new Error(`main saw ${JSON.stringify(more)} after ${JSON.stringify(this.#sent)}`);
  }
}

/** Sends the bytes and nothing more, and gives what came back when the other side has ended it. */
function sent(to: NetConnectOpts, bytes: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(to, () => {
      // From here on a reset is an answer too.
      socket.off('error', reject).on('error', () => undefined);
      socket.end(bytes);
    });
    const late = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end of ${JSON.stringify(bytes.toString('latin1'))}`));
    }, LIMIT_MS);
    socket.setEncoding('latin1').on('data', (chunk: string) => (answer += chunk));
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(late);
      resolve(answer);
    });
  });
}

/**
 * Main sees the requests that Node's own server reads out of the same bytes, or fewer: never one
 * more, nor another body. The proxy answers on, and counts what main saw.
 */
export async function fuzzListener(inputs: number): Promise<void> {
  const ledger = new Ledger();
  const main = new Witness((request) => ledger.add(request, -1));
  const node = new Witness((request) => ledger.add(request, 1));
  const ports = { stable: await main.open() };
  const nodePort = await node.open();
  const proxy = await startProxy(ports);
  await proxy.setRoute(route(ports));
  let run = 0;
  try {
    await fc.assert(
      fc.asyncProperty(mutated(REQUESTS, PIECES), async (text) => {
        run += 1;
        const own = text.replaceAll(/\/(one|two|three|smuggled)/g, `/$1-${run}`);
        ledger.sending(own);
        const bytes = Buffer.from(own, 'latin1');
        await Promise.all([
          sent({ host: '127.0.0.1', port: proxy.port }, bytes),
          sent({ host: '127.0.0.1', port: nodePort }, bytes),
        ]);
        ledger.check();
      }),
      { numRuns: inputs },
    );
    ledger.add('GET /after ', 1);
    await stillServes(proxy);
    ledger.check();
  } finally {
    main.close();
    node.close();
    await proxy.dispose();
  }
}

async function stillServes(proxy: TestProxy): Promise<void> {
  const answer = await fetch(`${proxy.url}/after`);
  if ((await answer.text()) !== 'ok') throw new Error('it serves no more');
  const isIdle = async (): Promise<boolean> => (await proxy.state()).tracks.stable.inFlight === 0;
  await waitFor(isIdle, { what: 'the end of all calls' });
}

const ADMIN = [
  `GET /v1/state HTTP/1.1\r\n${HOST}\r\n`,
  `PUT /v1/services/svc/route HTTP/1.1\r\n${HOST}Content-Length: 2\r\n\r\n{}`,
  `GET /v1/services/%zz/calls?after=-1 HTTP/1.1\r\n${HOST}\r\n`,
];

/** The admin socket: garbage on the wire, and requests that are right but for what they say. */
export async function fuzzAdmin(inputs: number): Promise<void> {
  const proxy = await startProxy({ stable: 9 });
  const { proxySocket } = proxy.home;
  const names = fc.oneof(
    fc.constantFrom('svc', '%', '%zz', '..', '%2e%2e', '__proto__'),
    fc.string(),
  );
  const paths = fc.oneof(
    fc.constantFrom('/v1/state', '//', '//[', '/v1/takeover'),
    fc
      .tuple(names, fc.constantFrom('route', 'calls?after=-1', 'calls?limit=x', 'negotiated'))
      .map(([name, what]) => `/v1/services/${encodeURI(name)}/${what}`),
  );
  try {
    await fc.assert(
      fc.asyncProperty(mutated(ADMIN, [...PIECES, '//[', '%']), async (text) => {
        await sent({ path: proxySocket }, Buffer.from(text, 'latin1'));
      }),
      { numRuns: Math.ceil(inputs / 2) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'PUT', 'POST'),
        paths,
        fc.jsonValue(),
        async (method, path, body) => {
          wellAnswered(await callUnix(proxySocket, { method, path, body, timeoutMs: LIMIT_MS }));
        },
      ),
      { numRuns: Math.floor(inputs / 2) },
    );
    await proxy.state();
  } finally {
    await proxy.dispose();
  }
}

function wellAnswered(reply: UnixReply): void {
  if (reply.kind === 'unreachable') throw new Error(reply.reason);
  if (reply.status >= 500) throw new Error(JSON.stringify(reply.body));
}
