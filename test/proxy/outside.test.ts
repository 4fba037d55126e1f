import { connect, createServer, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../support/ports.js';
import { waitFor } from '../support/wait.js';
import { route, startProxy, type TestProxy } from './support/proxies.js';
import { oneServer } from './support/stages.js';
import { WireClient } from './support/wire-client.js';

const LATE_MS = 30_000;

/**
 * Sends bytes as they are; gives what comes back until the connection closes, goes quiet behind an
 * answer, or has had none for too long.
 */
function raw(port: number, text: string, quietMs = 300): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    const done = (): void => {
      clearTimeout(late);
      socket.destroy();
      resolve(answer);
    };
    const late = setTimeout(done, LATE_MS);
    socket.setTimeout(quietMs, () => answer !== '' && done());
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('close', done);
    socket.on('error', done);
  });
}

const HEAD = 'host: agents.example\r\ncontent-type: application/json\r\n';

describe('what comes from the outside', () => {
  const lab = oneServer({ maxSessions: 3 });

  it('a session id that is not ours is unknown', async () => {
    const client = new WireClient(`${lab.proxy.url}/mcp`);
    client.sessionId = [...lab.server.sessions][0] ?? 'forged';
    const { status, messages } = await client.call('write');
    expect(status).toBe(404);
    expect(messages[0]).toMatchObject({ error: { code: -32_001, message: 'Session not found' } });
    expect(lab.server.executed.size).toBe(0);
  });

  it('never sees the instance’s own session id', async () => {
    const client = await WireClient.open(lab.proxy.url);
    const { headers } = await client.call('read');
    expect(headers.get('mcp-session-id')).toBe(client.sessionId);
    expect(lab.server.sessions.has(client.sessionId ?? '')).toBe(false);
    expect(client.sessionId).toMatch(/^[\w-]{32}$/);
    await client.delete();
    expect(lab.server.sessions.size).toBe(0);
  });

  it('two session ids in one request are refused', async () => {
    const head = `POST /mcp HTTP/1.1\r\n${HEAD}mcp-session-id: a\r\nmcp-session-id: b\r\n`;
    expect(await raw(lab.proxy.port, `${head}content-length: 2\r\n\r\n{}`)).toMatch(
      /^HTTP\/1.1 400 /,
    );
  });

  it('sessions beyond the limit are refused with a JSON-RPC error', async () => {
    const clients = [];
    for (let i = 0; i < 3; i += 1) clients.push(await WireClient.open(lab.proxy.url));
    const late = new WireClient(`${lab.proxy.url}/mcp`);
    const { status, messages } = await late.request('initialize', { capabilities: {} });
    expect(status).toBe(503);
    expect(messages[0]).toMatchObject({ id: 1, error: { code: -32_052 } });
    await clients[0]!.delete();
    expect((await late.request('initialize', { capabilities: {} })).status).toBe(200);
    for (const client of [...clients.slice(1)]) await client.delete();
  });

  it.each([
    [
      'two lengths',
      `POST /mcp HTTP/1.1\r\n${HEAD}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`,
      400,
    ],
    [
      'a length and chunks',
      `POST /mcp HTTP/1.1\r\n${HEAD}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    ['a header bomb', `GET /mcp HTTP/1.1\r\n${HEAD}x: ${'y'.repeat(40_000)}\r\n\r\n`, 431],
    ['a target that is no path', `GET http://[x HTTP/1.1\r\n${HEAD}\r\n`, 400],
    [
      'a chunked DELETE of a plain path',
      `DELETE /x HTTP/1.1\r\n${HEAD}transfer-encoding: chunked\r\n\r\n2\r\nGE\r\n0\r\n\r\n`,
      411,
    ],
  ])('%s is refused', async (_, text, status) => {
    const before = lab.server.received.length;
    expect(await raw(lab.proxy.port, text)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(lab.server.received.length).toBe(before);
  });

  it('a request too large for memory is refused', async () => {
    const size = 17 << 20;
    const head = `POST /mcp HTTP/1.1\r\n${HEAD}content-length: ${size}\r\n\r\n`;
    const answer = await raw(lab.proxy.port, head + '{"x":"'.padEnd(size, 'x'), 5_000);
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
  });

  it('passes Host and Origin as they came, continues the chain, strips hop-by-hop headers', async () => {
    for (const path of ['/plain', '/mcp']) {
      const body = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
      const head = [
        `POST ${path} HTTP/1.1`,
        'host: agents.example:99',
        'origin: https://site.example',
        'x-forwarded-for: 10.1.1.1',
        'x-forwarded-proto: https',
        'connection: x-hop, keep-alive',
        'x-hop: 1',
        'keep-alive: timeout=9',
        'te: trailers',
        'mcp-param-region: eu',
        'content-type: application/json',
        `content-length: ${body.length}`,
      ];
      const answer = await raw(lab.proxy.port, `${head.join('\r\n')}\r\n\r\n${body}`);
      const { headers } = lab.server.received.at(-1)!;
      expect(headers).toMatchObject({
        host: 'agents.example:99',
        origin: 'https://site.example',
        'x-forwarded-for': '10.1.1.1, 127.0.0.1',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': 'agents.example:99',
        'mcp-param-region': 'eu',
      });
      for (const name of ['x-hop', 'keep-alive', 'te']) expect(headers).not.toHaveProperty(name);
      expect(answer.toLowerCase()).not.toContain('\r\nx-secret');
    }
  });

  it('a slow header is given up', async () => {
    const answer = await raw(lab.proxy.port, 'POST /mcp HTTP/1.1\r\nhost: x\r\nx-slow: ');
    expect(answer).toMatch(/^HTTP\/1.1 4\d\d /);
  });

  it('a 50 MB result streams through, and a client that does not read costs no memory', async () => {
    const client = await WireClient.open(lab.proxy.url);
    const size = 50 << 20;
    lab.server.sentBytes = 0;
    const { messages } = await client.call('read', { size });
    const [content] = (messages[0]?.result as { content: { text: string }[] }).content;
    expect(content?.text.length).toBe(size);
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 9,
      method: 'tools/call',
      params: { name: 'read', arguments: { size, sse: true } },
    });
    const head = `POST /mcp HTTP/1.1\r\n${HEAD}mcp-session-id: ${client.sessionId ?? ''}\r\n`;
    const socket = connect(lab.proxy.port, '127.0.0.1');
    socket.pause();
    socket.write(`${head}content-length: ${body.length}\r\n\r\n${body}`);
    let before = -1;
    await waitFor(
      async () => {
        const isStill = lab.server.sentBytes === before && before > size;
        before = lab.server.sentBytes;
        await new Promise((resolve) => setTimeout(resolve, 100));
        return isStill;
      },
      { what: 'the instance to be held back' },
    );
    expect(lab.server.sentBytes - size).toBeLessThan(20 << 20);
    let read = 0;
    socket.on('data', (chunk: Buffer) => (read += chunk.length));
    socket.resume();
    await waitFor(() => read > size, { what: 'the rest, once the client reads' });
    socket.destroy();
    await client.delete();
  });
});

describe('what comes too slowly, or too often', () => {
  const lab = oneServer({ bodyTimeoutMs: 1_500 });

  const CLOSED = { what: 'the connection to be closed', timeoutMs: 10_000 };

  /** A request whose body never ends: a byte of it comes now and then. */
  function trickle(path: string, everyMs: number, bytes: number, first = '') {
    const socket = connect(lab.proxy.port, '127.0.0.1');
    const seen = { answer: '', isClosed: false };
    socket.on('data', (chunk) => (seen.answer += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => (seen.isClosed = true));
    socket.write(`POST ${path} HTTP/1.1\r\n${HEAD}content-length: ${bytes}\r\n\r\n${first}`);
    const timer = setInterval(() => socket.write('x'), everyMs);
    socket.on('close', () => clearInterval(timer));
    return seen;
  }

  it.each(['/mcp', '/sse?sessionId=forged'])('a body to %s is given up', async (path) => {
    const seen = trickle(path, 50, 1_000);
    await waitFor(() => seen.isClosed, CLOSED);
    expect(seen.answer).toMatch(/^HTTP\/1.1 40[48] /);
  });

  it('on other paths a body may take its time, as long as it goes on', async () => {
    const slow = trickle('/plain', 150, 12);
    await waitFor(() => slow.answer !== '', { what: 'the answer' });
    expect(slow.answer).toMatch(/^HTTP\/1.1 200 /);
    const stuck = trickle('/plain', 60_000, 12);
    await waitFor(() => stuck.isClosed, CLOSED);
  });

  describe('behind an answer that did not wait for it, a body', () => {
    const EARLY = 'HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n';
    let early: Server;

    beforeEach(async () => {
      early = createServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => socket.end(`${EARLY}connection: close\r\n\r\n`));
      });
      const port = await freePort();
      await new Promise<void>((resolve) => early.listen(port, '127.0.0.1', resolve));
      await lab.proxy.setRoute(route({ stable: port }));
    });
    afterEach(async () => {
      await lab.proxy.setRoute(route({ stable: lab.server.port }));
      early.close();
    });

    it('is thrown away, and the connection goes on', async () => {
      const socket = connect(lab.proxy.port, '127.0.0.1');
      let answer = '';
      socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
      const size = 4 << 20;
      socket.write(`POST /plain HTTP/1.1\r\n${HEAD}content-length: ${size}\r\n\r\nx`);
      await waitFor(() => answer.startsWith('HTTP/1.1 413 '), { what: 'the early answer' });
      socket.write(`${'x'.repeat(size - 1)}GET /plain HTTP/1.1\r\n${HEAD}\r\n`);
      await waitFor(() => answer.split('HTTP/1.1 413 ').length === 3, { what: 'the next answer' });
      socket.destroy();
    });

    it('that stands still is given up', async () => {
      const stuck = trickle('/plain', 60_000, 12, 'x');
      await waitFor(() => stuck.answer.startsWith('HTTP/1.1 413 '), { what: 'the early answer' });
      await waitFor(() => stuck.isClosed, CLOSED);
    });
  });

  it('streams in one session have a number', async () => {
    const client = await WireClient.open(lab.proxy.url);
    const streams = [];
    for (let i = 0; i < 17; i += 1) streams.push(await client.stream());
    expect(streams.map(({ status }) => status)).toEqual([...Array<number>(16).fill(200), 429]);
    for (const stream of streams) stream.close();
  });
});

describe('a request hidden in another', () => {
  const lab = oneServer();
  beforeEach(() => {
    lab.server.received.length = 0;
  });

  const HIDDEN = 'GET /hidden HTTP/1.1\r\nhost: x\r\n\r\n';
  const shapes: [string, string][] = [
    ['lengths that differ', `content-length: 0\r\ncontent-length: ${HIDDEN.length}\r\n\r\n`],
    ['a list of lengths', `content-length: 0, ${HIDDEN.length}\r\n\r\n`],
    ['a signed length', `content-length: +0\r\n\r\n`],
    ['a length before chunks', 'content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['an unknown coding', 'transfer-encoding: xchunked\r\ncontent-length: 0\r\n\r\n'],
    ['chunks that are not last', 'transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n'],
    ['a space before the colon', 'transfer-encoding : chunked\r\ncontent-length: 0\r\n\r\n'],
    ['a folded header', 'x: 1\r\n transfer-encoding: chunked\r\ncontent-length: 0\r\n\r\n'],
    ['a bare line feed', 'x: 1\ncontent-length: 0\r\n\r\n'],
    ['a bare carriage return', 'x: 1\rcontent-length: 0\r\n\r\n'],
    ['a zero byte', 'x: a\0b\r\ncontent-length: 0\r\n\r\n'],
    ['a chunk size that overflows', 'transfer-encoding: chunked\r\n\r\n10000000000000000\r\n'],
    ['a chunk size with a sign', 'transfer-encoding: chunked\r\n\r\n-1\r\n'],
  ];
  it.each(shapes.flatMap(([name, rest]) => ['/mcp', '/plain'].map((path) => [name, path, rest])))(
    'by %s is not passed on (%s)',
    async (_, path, rest) => {
      const answer = await raw(
        lab.proxy.port,
        `POST ${path} HTTP/1.1\r\n${HEAD}${rest}${HIDDEN}`,
        150,
      );
      expect(answer).toMatch(/^HTTP\/1.1 4\d\d /);
      expect(lab.server.received).toEqual([]);
    },
  );

  it.each(['POST', 'GET', 'DELETE'])('a forged session id is unknown in a %s', async (method) => {
    const client = await WireClient.open(lab.proxy.url);
    const ids = ['x', '../x', `${client.sessionId ?? ''}0`, [...lab.server.sessions][0] ?? ''];
    lab.server.received.length = 0;
    for (const id of ids) {
      const headers = { ...client.headers(), 'mcp-session-id': id };
      const body = method === 'POST' ? '{"jsonrpc":"2.0","id":1,"method":"ping"}' : null;
      const { status } = await fetch(`${lab.proxy.url}/mcp`, { method, headers, body });
      expect(status).toBe(404);
    }
    const legacy = await fetch(`${lab.proxy.url}/sse?sessionId=${client.sessionId ?? ''}`, {
      method: 'POST',
      body: '{}',
    });
    expect(legacy.status).toBe(404);
    expect(lab.server.received).toEqual([]);
    await client.delete();
  });
});

describe('an instance that answers nonsense', () => {
  let server: Server;
  let proxy: TestProxy;
  let answer = '';

  beforeAll(async () => {
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(answer));
    });
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    proxy = await startProxy({ stable: port });
  });
  afterAll(async () => {
    await proxy.dispose();
    server.close();
  });

  it.each(['/mcp', '/plain'])('never ends the process (%s)', async (path) => {
    const nonsense = [
      'HTTP/1.1 000 Zero\r\ncontent-length: 0\r\n\r\n',
      'HTTP/1.1 099 Low\r\ncontent-length: 0\r\n\r\n',
      'HTTP/1.1 200 a\u0001b\r\ncontent-length: 0\r\n\r\n',
      'HTTP/1.1 304 Not Modified\r\ncontent-length: 10\r\n\r\n',
      'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\nshort',
      'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
      'nonsense\r\n\r\n',
      '',
    ];
    const body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"write"}}';
    for (answer of nonsense) {
      const sent = fetch(`${proxy.url}${path}`, {
        method: 'POST',
        body,
        signal: AbortSignal.timeout(20_000),
      });
      await sent
        .then((given) => given.text())
        .catch((error: unknown) => {
          expect(String(error)).not.toContain('Timeout');
        });
    }
    expect((await proxy.state()).listening).toBe(true);
  });
});

describe('routes', () => {
  it('are refused when they leave new sessions nowhere to go', async () => {
    const proxy = await startProxy({ stable: 1 });
    const bad = route({ stable: 1, canary: 2 }, { canary: 0.5 });
    bad.tracks.stable.weight = 0.2;
    const reply = await proxy.admin('PUT', '/v1/services/svc/route', bad);
    expect(reply).toMatchObject({ status: 400, body: { error: { code: 'bad_route' } } });
    const all = route({ stable: 1 }, { drainStable: true });
    expect(await proxy.admin('PUT', '/v1/services/svc/route', all)).toMatchObject({ status: 400 });
    expect(await proxy.admin('GET', '/v1/services/none/calls')).toMatchObject({ status: 404 });
    expect((await proxy.state()).route.tracks.stable.weight).toBe(1);
    await proxy.dispose();
  });
});
