/** Connections that are upgraded, as WebSockets are, on raw sockets at both ends. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, Socket, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait.js';
import { route, startProxy, type TestProxy } from './support/proxies.js';
import { freePort } from '../support/ports.js';

const SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n';

/** One end of a connection, and what has come in there. */
class End {
  text = '';
  bytes = 0;
  hasEnded = false;
  readonly socket: Duplex;

  constructor(socket: Duplex) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('end', () => (this.hasEnded = true));
  }

  read(): this {
    this.socket.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length;
      if (this.text.length < 10_000) this.text += chunk.toString('latin1');
    });
    return this;
  }

  has(text: string): Promise<unknown> {
    return waitFor(() => this.text.includes(text), { what: text });
  }

  /** The other side has ended, or reset, it. */
  ended(): Promise<unknown> {
    return waitFor(() => this.hasEnded || this.socket.destroyed, { what: 'the end' });
  }
}

describe('an upgraded connection', () => {
  let server: Server;
  let port: number;
  let proxy: TestProxy;
  let onUpgrade: (req: IncomingMessage, socket: Duplex) => void;
  /** The instance's ends. */
  let taken: End[] = [];
  const clients: Socket[] = [];

  beforeAll(async () => {
    server = createServer((_, res) => res.end());
    server.on('upgrade', (req, socket) => {
      taken.push(new End(socket));
      onUpgrade(req, socket);
    });
    await once(server.listen(await freePort(), '127.0.0.1'), 'listening');
    ({ port } = server.address() as AddressInfo);
    proxy = await startProxy({ stable: port }, { drain: { callsMs: 100, sessionsMs: 2_000 } });
  });
  afterEach(() => {
    for (const socket of [...clients, ...taken.map(({ socket }) => socket)]) socket.destroy();
    taken = [];
  });
  afterAll(async () => {
    await proxy.dispose();
    await new Promise((resolve) => server.close(resolve));
  });

  function dial(): End {
    const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
    clients.push(socket);
    const head = ['GET /ws HTTP/1.1', 'host: x', 'connection: upgrade', 'upgrade: websocket'];
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    return new End(socket);
  }

  /** Both ends of a connection that stands. */
  async function pair(): Promise<{ client: End; instance: End }> {
    onUpgrade = (_, socket) => socket.write(SWITCH);
    const client = dial().read();
    await client.has('101 Switching Protocols');
    return { client, instance: taken[0]!.read() };
  }

  it('carries bytes in both directions', async () => {
    const { client, instance } = await pair();
    client.socket.write('from the client');
    await instance.has('from the client');
    instance.socket.write('from the instance');
    await client.has('from the instance');
  });

  it('closes at each end when the other closes', async () => {
    const first = await pair();
    first.client.socket.destroy();
    await first.instance.ended();
    first.instance.socket.destroy();
    taken = [];
    const second = await pair();
    second.instance.socket.destroy();
    await second.client.ended();
  });

  it.each(['client', 'instance'] as const)(
    'still takes to the %s what comes after that has ended its side',
    async (name) => {
      const ends = await pair();
      const half = ends[name];
      const other = name === 'client' ? ends.instance : ends.client;
      half.socket.end('my last word');
      await other.has('my last word');
      await other.ended();
      other.socket.write('and mine');
      await half.has('and mine');
      other.socket.end();
      await half.ended();
      await waitFor(async () => (await proxy.state()).tracks.stable.streams === 0, {
        what: 'the proxy to forget it',
      });
    },
  );

  it('is closed when its instance dies', async () => {
    const { client, instance } = await pair();
    if (instance.socket instanceof Socket) instance.socket.resetAndDestroy();
    await client.ended();
    expect(client.text).not.toContain('502');
  });

  it('that its client leaves while it waits is closed at the instance', async () => {
    onUpgrade = () => undefined;
    const client = dial();
    await waitFor(() => taken.length === 1, { what: 'the upgrade to arrive' });
    client.socket.end();
    await taken[0]!.read().ended();
  });

  it('is not held back by a client that does not read, and costs little memory', async () => {
    onUpgrade = (_, socket) => socket.write(SWITCH);
    const client = dial();
    client.socket.pause();
    await waitFor(() => taken.length === 1, { what: 'the upgrade to arrive' });
    const { socket } = taken[0]!;
    const piece = Buffer.alloc(1 << 20);
    let sent = 0;
    const send = (): void => {
      while (sent < 64 && socket.write(piece, () => (sent += 1)) && sent < 64);
    };
    socket.on('drain', send);
    send();
    await waitFor(async () => (await proxy.state()).tracks.stable.streams === 1, { what: 'it' });
    let before = -1;
    await waitFor(
      async () => {
        const isStill = sent === before;
        before = sent;
        await new Promise((resolve) => setTimeout(resolve, 100));
        return isStill;
      },
      { what: 'the instance to be held back' },
    );
    expect(sent).toBeLessThan(20);
    client.read().socket.resume();
    await waitFor(() => client.bytes > sent << 20, { what: 'the rest, once the client reads' });
  });

  it.each([
    ['with a length', 'content-length: 6\r\nx-why: no\r\n\r\ndenied'],
    [
      'in chunks',
      'transfer-encoding: chunked\r\nkeep-alive: timeout=5\r\nx-why: no\r\n\r\n6\r\ndenied\r\n0\r\n\r\n',
    ],
  ])('that is refused %s is answered so', async (_, rest) => {
    onUpgrade = (_req, socket) => socket.end(`HTTP/1.1 403 Forbidden\r\n${rest}`);
    const client = dial().read();
    await client.ended();
    const [head = '', body] = client.text.split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    expect(head).toContain('x-why: no');
    expect(head).toContain('connection: close');
    expect(head).not.toMatch(/transfer-encoding|keep-alive/);
    expect(body).toBe('denied');
  });

  it.each([
    ['is cut', (socket: Duplex) => socket.end('HTTP/1.1 403 No\r\ncontent-length: 9\r\n\r\nde')],
    ['never begins', (socket: Duplex) => socket.destroy()],
  ])('whose refusal %s is closed', async (_, refuse) => {
    onUpgrade = (_req, socket) => refuse(socket);
    const client = dial().read();
    await client.ended();
    expect(client.text).toMatch(/^HTTP\/1\.1 (403|502) /);
  });

  it('outlives its track’s emptying until the drain time', async () => {
    const canary = { stable: port, canary: port };
    await proxy.setRoute(route(canary, { canary: 1, drainStable: true }));
    const { client, instance } = await pair();
    expect((await proxy.state()).tracks.canary.streams).toBe(1);
    await proxy.setRoute(route(canary, { drainCanary: true }));
    client.socket.write('still here');
    await instance.has('still here');
    await client.ended();
    expect((await proxy.state()).tracks.canary.streams).toBe(0);
    await proxy.setRoute(route({ stable: port }));
  });

  it('does not keep the proxy from closing', async () => {
    const { client } = await pair();
    await proxy.stop();
    await client.ended();
    await proxy.start();
  });
});
