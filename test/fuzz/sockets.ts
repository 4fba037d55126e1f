/** Raw sockets against a real proxy: its listener, and the admin socket of both processes. */
import fc from 'fast-check';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type NetConnectOpts } from 'node:net';
import { callUnix, type UnixReply } from '../../common/unix-http.js';
import { route, startProxy, type TestProxy } from '../proxy/support/proxies.js';
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
  ' HTTP/1.0\r\n',
  '\x80',
];
const LIMIT_MS = 5_000;

/** A server that notes each request that came whole. */
class Witness {
  seen: string[] = [];
  readonly #server: Server = createServer((req, res) => {
    let body = '';
    req.setEncoding('latin1');
    req.on('data', (chunk: string) => (body += chunk));
    req.on('end', () => {
      this.seen.push(`${req.method} ${req.url} ${body}`);
      res.end('ok');
    });
    req.on('error', () => undefined);
  });

  async open(): Promise<number> {
    // What came whole before the fault is told first.
    this.#server.on('clientError', (_, socket) => setImmediate(() => socket.destroy()));
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** Sends the bytes and nothing more, and gives what came back when the other side has ended it. */
function sent(to: NetConnectOpts, bytes: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(to, () => socket.end(bytes));
    const late = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end of ${JSON.stringify(bytes.toString('latin1'))}`));
    }, LIMIT_MS);
    socket.setEncoding('latin1').on('data', (chunk: string) => (answer += chunk));
    // A reset is an answer too.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(late);
      resolve(answer);
    });
  });
}

/** What `some` has more often than `all`; null when nothing. */
function beyond(some: readonly string[], all: readonly string[]): string | null {
  const left = new Map<string, number>();
  for (const each of all) left.set(each, (left.get(each) ?? 0) + 1);
  for (const each of some) {
    const count = left.get(each) ?? 0;
    if (count === 0) return each;
    left.set(each, count - 1);
  }
  return null;
}

/**
 * Main sees the requests that Node's own server reads out of the same bytes, or fewer: never one
 * more, nor another body. The proxy answers on, and counts what main saw.
 */
export async function fuzzListener(inputs: number): Promise<void> {
  const [main, node] = [new Witness(), new Witness()];
  let run = 0;
  const differing = async (text: string): Promise<string | null> => {
    run += 1;
    const own = text.replaceAll(/\/(one|two|three|smuggled)/g, `/$1-${run}`);
    const bytes = Buffer.from(own, 'latin1');
    await Promise.all([
      sent({ host: '127.0.0.1', port: proxy.port }, bytes),
      sent({ host: '127.0.0.1', port: nodePort }, bytes),
    ]);
    const more = beyond(main.seen, node.seen);
    if (more !== null) [main.seen, node.seen] = [[], []];
    return more;
  };
  const ports = { stable: await main.open() };
  const nodePort = await node.open();
  const proxy = await startProxy(ports);
  await proxy.setRoute(route(ports));
  try {
    await fc.assert(
      fc.asyncProperty(mutated(REQUESTS, PIECES), async (text) => {
        // A server that meets a fault may drop what came whole just before: what is real is seen again.
        const more = (await differing(text)) === null ? null : await differing(text);
        if (more !== null) throw new Error(`main saw ${JSON.stringify(more)}`);
      }),
      { numRuns: inputs },
    );
    await stillServes(proxy, main);
  } finally {
    main.close();
    node.close();
    await proxy.dispose();
  }
}

async function stillServes(proxy: TestProxy, main: Witness): Promise<void> {
  main.seen = [];
  const answer = await fetch(`${proxy.url}/after`);
  if ((await answer.text()) !== 'ok' || main.seen.length !== 1)
    throw new Error('it serves no more');
  const { inFlight } = (await proxy.state()).tracks.stable;
  if (inFlight !== 0) throw new Error(`${inFlight} calls are left over`);
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
