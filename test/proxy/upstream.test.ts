import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Exchange, Loss } from '../../proxy/http1/exchange.js';
import { Upstream, type UpstreamRequest } from '../../proxy/upstream.js';
import { freePort } from '../support/ports.js';

const OK = 'HTTP/1.1 200 OK\r\ncanary-track: canary\r\ncontent-length: 2\r\n\r\nok';
const POST: UpstreamRequest = { method: 'POST', path: '/', headers: [], body: Buffer.from('{}') };

/** What became of one request. */
class Sent {
  readonly exchange: Exchange;
  status = 0;
  body = '';
  readonly ended: Promise<'whole' | Loss>;

  constructor(upstream: Upstream, request = POST, onData?: (sent: Sent) => void) {
    let settle: (how: 'whole' | Loss) => void = () => undefined;
    this.ended = new Promise((resolve) => (settle = resolve));
    this.exchange = upstream.send(request, {
      onHead: ({ status }) => (this.status = status),
      onData: (chunk) => {
        this.body += chunk.toString('latin1');
        onData?.(this);
      },
      onEnd: () => settle('whole'),
      onLost: settle,
    });
  }
}

describe('an upstream', () => {
  let server: Server;
  let upstream: Upstream;
  let sockets: Socket[];
  /** What the instance has read, by connection. */
  let reads: string[][];
  let onRead: (socket: Socket, text: string) => void;

  beforeEach(async () => {
    sockets = [];
    reads = [];
    onRead = (socket) => socket.write(OK);
    server = createServer((socket) => {
      sockets.push(socket);
      const own: string[] = [];
      reads.push(own);
      socket.on('error', () => undefined);
      socket.on('data', (bytes: Buffer) => {
        own.push(bytes.toString('latin1'));
        onRead(socket, bytes.toString('latin1'));
      });
    });
    await once(server.listen(await freePort(), '127.0.0.1'), 'listening');
    upstream = new Upstream('127.0.0.1', (server.address() as AddressInfo).port, 'canary');
  });
  afterEach(() => {
    upstream.destroy();
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it('sends head and body together, and the next request on the same connection', async () => {
    for (let i = 0; i < 3; i += 1) {
      const sent = new Sent(upstream);
      expect(await sent.ended).toBe('whole');
      expect(sent).toMatchObject({ status: 200, body: 'ok' });
    }
    expect(sockets).toHaveLength(1);
    const own = `host: 127.0.0.1:${upstream.port}\r\ncanary-track: canary`;
    const text = `POST / HTTP/1.1\r\n${own}\r\ncontent-length: 2\r\n\r\n{}`;
    expect(reads).toEqual([[text, text, text]]);
  });

  it('opens a connection for each request under way', async () => {
    const all = [new Sent(upstream), new Sent(upstream), new Sent(upstream)];
    await Promise.all(all.map(({ ended }) => ended));
    expect(sockets).toHaveLength(3);
  });

  it.each([
    [
      'that the instance announces to close',
      'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n',
    ],
    [
      'that the instance keeps too shortly',
      'HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 0\r\n\r\n',
    ],
    ['with something behind the answer', `${OK}HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n`],
  ])('does not use a connection again %s', async (_, answer) => {
    onRead = (socket) => socket.write(answer);
    expect(await new Sent(upstream).ended).toBe('whole');
    expect(await new Sent(upstream).ended).toBe('whole');
    expect(sockets).toHaveLength(2);
  });

  it('closes an idle connection on which something comes unasked', async () => {
    await new Sent(upstream).ended;
    sockets[0]?.write(OK);
    await vi.waitFor(() => expect(sockets[0]?.destroyed).toBe(true), { timeout: 10_000 });
    expect(await new Sent(upstream).ended).toBe('whole');
    expect(sockets).toHaveLength(2);
  });

  it('does not use a connection that the instance has closed', async () => {
    await new Sent(upstream).ended;
    const [socket] = sockets;
    socket?.end();
    if (socket !== undefined) await once(socket, 'close');
    expect(await new Sent(upstream).ended).toBe('whole');
    expect(sockets).toHaveLength(2);
  });

  it('does not use a connection on which a request is not whole', async () => {
    onRead = (socket, text) => {
      if (!text.startsWith('POST')) return;
      socket.pause();
      socket.write(OK);
    };
    const large = { ...POST, body: Buffer.alloc(16 << 20) };
    expect(await new Sent(upstream, large).ended).toBe('whole');
    sockets[0]?.resume();
    expect(await new Sent(upstream).ended).toBe('whole');
    expect(sockets).toHaveLength(2);
  });

  it('closes the connection at once when a request is given up, and tells nothing more', async () => {
    onRead = (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nsome');
    let chunks = 0;
    const sent = new Sent(upstream, POST, ({ exchange }) => {
      chunks += 1;
      exchange.abort();
    });
    await vi.waitFor(() => expect(sockets[0]?.destroyed).toBe(true), { timeout: 10_000 });
    expect(chunks).toBe(1);
    const how = await Promise.race([
      sent.ended,
      new Promise((resolve) => setImmediate(resolve, 'nothing')),
    ]);
    expect(how).toBe('nothing');
  });

  it('goes on with the next request after an answer that ended while it was paused', async () => {
    await new Sent(upstream, POST, ({ exchange }) => exchange.pause()).ended;
    expect(await new Sent(upstream).ended).toBe('whole');
    expect(sockets).toHaveLength(1);
  });

  it.each([
    ['closed before the answer', (socket: Socket) => socket.end()],
    [
      'closed in the answer',
      (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok'),
    ],
    ['reset', (socket: Socket) => socket.resetAndDestroy()],
    ['answered with nonsense', (socket: Socket) => socket.write('nonsense')],
  ])('is cut when it has been sent, and is %s', async (_, read) => {
    onRead = read;
    expect(await new Sent(upstream).ended).toMatchObject({ kind: 'cut' });
  });

  it('is unreachable when nothing listens: nothing was sent', async () => {
    const nobody = new Upstream('127.0.0.1', await freePort(), 'stable');
    const loss = await new Sent(nobody).ended;
    expect(loss).toEqual({ kind: 'unreachable', reason: 'ECONNREFUSED' });
  });

  it('says at once what cannot be sent', () => {
    let loss: Loss | null = null;
    upstream.send(
      { ...POST, headers: ['x', 'a\r\nb'] },
      {
        onHead: () => undefined,
        onData: () => undefined,
        onEnd: () => undefined,
        onLost: (lost) => (loss = lost),
      },
    );
    expect(loss).toMatchObject({ kind: 'invalid' });
  });

  it('takes the end of the connection for the end of an answer without a length', async () => {
    onRead = (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nall of it');
    const sent = new Sent(upstream);
    expect(await sent.ended).toBe('whole');
    expect(sent.body).toBe('all of it');
  });

  it('closed, lets requests under way finish, and keeps no connection', async () => {
    onRead = () => undefined;
    const sent = new Sent(upstream);
    await vi.waitFor(() => expect(reads[0]).toHaveLength(1), { timeout: 10_000 });
    upstream.close();
    sockets[0]?.write(OK);
    expect(await sent.ended).toBe('whole');
    await vi.waitFor(() => expect(sockets[0]?.destroyed).toBe(true), { timeout: 10_000 });
  });

  it('destroyed, has nothing under way any more', async () => {
    onRead = () => undefined;
    const sent = new Sent(upstream);
    await vi.waitFor(() => expect(reads[0]).toHaveLength(1), { timeout: 10_000 });
    upstream.destroy();
    expect(await sent.ended).toMatchObject({ kind: 'cut' });
    expect(await new Sent(upstream).ended).toMatchObject({ kind: 'unreachable' });
  });
});
