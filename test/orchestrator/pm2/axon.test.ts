import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeMessage, FramingError, MessageReader } from '../../../orchestrator/pm2/amp.js';
import { openConnection, type Connection, type Reply } from '../../../orchestrator/pm2/axon.js';
import { startPrivatePm2 } from '../../support/pm2-sandbox.js';

describe('frames', () => {
  const message = encodeMessage([{ a: 'ü', n: 1 }, 'id']);

  test('are the bytes that AMP asks for', () => {
    const part = Buffer.from('s:x');
    const expected = Buffer.concat([Buffer.of(0x11, 0, 0, 0, 3), part]);
    expect(encodeMessage(['x'])).toEqual(expected);
  });

  test('are read however the stream is cut', () => {
    const stream = Buffer.concat([message, message]);
    for (let size = 1; size <= stream.length; size += 1) {
      const reader = new MessageReader(1000);
      const read: unknown[] = [];
      for (let at = 0; at < stream.length; at += size)
        read.push(...reader.push(stream.subarray(at, at + size)));
      expect(read).toEqual([
        [{ a: 'ü', n: 1 }, 'id'],
        [{ a: 'ü', n: 1 }, 'id'],
      ]);
    }
  });

  test.each([
    ['a message that is too large', Buffer.of(0x11, 0xff, 0xff, 0xff, 0xff)],
    ['another protocol', Buffer.from('HTTP/1.1 400')],
    ['broken JSON', Buffer.concat([Buffer.of(0x11, 0, 0, 0, 3), Buffer.from('j:{')])],
    ['an unknown type', Buffer.concat([Buffer.of(0x11, 0, 0, 0, 3), Buffer.from('i:1')])],
  ])('%s is an error', (_, bytes) => {
    expect(() => new MessageReader(1000).push(bytes)).toThrow(FramingError);
  });
});

describe('calls', () => {
  let folder: string;
  let server: Server;
  let peers: Socket[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'axon-'));
    peers = [];
  });
  afterEach(() => {
    for (const peer of peers) peer.destroy();
    server.close();
    rmSync(folder, { recursive: true });
  });

  /** A daemon that does what the test wants with each chunk it gets. */
  async function connectTo(
    react: (socket: Socket) => void,
    maxBytes?: number,
  ): Promise<Connection> {
    const path = join(folder, 'rpc.sock');
    server = createServer((socket) => {
      peers.push(socket);
      socket.on('error', () => undefined);
      socket.on('data', () => react(socket));
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const opened = await openConnection(path, maxBytes);
    if (opened.kind !== 'open') throw new Error(opened.reason);
    return opened.connection;
  }

  test('are answered in any order', async () => {
    let seen = 0;
    const connection = await connectTo((socket) => {
      seen += 1;
      if (seen > 1) return;
      socket.write(encodeMessage([{ args: ['second'] }, `${process.pid}:2`]));
      socket.write(encodeMessage([{ args: ['first'] }, `${process.pid}:1`]));
    });
    const calls = [connection.call('a', {}, 1000), connection.call('b', {}, 1000)];
    expect(await Promise.all(calls)).toEqual([
      { kind: 'answered', value: 'first' },
      { kind: 'answered', value: 'second' },
    ]);
    connection.close();
  });

  test('that the daemon answers with an error are refused, without what is no text', async () => {
    let error: unknown = 'id unknown';
    const connection = await connectTo((socket) => {
      socket.write(encodeMessage([{ error }, `${process.pid}:${error === 'id unknown' ? 1 : 2}`]));
    });
    expect(await connection.call('a', {}, 1000)).toEqual({ kind: 'refused', reason: 'id unknown' });
    error = { env: { SECRET: 's3cret' } };
    const reply = await connection.call('a', {}, 1000);
    expect(reply.kind).toBe('refused');
    expect(JSON.stringify(reply)).not.toContain('s3cret');
    connection.close();
  });

  test.each([
    ['closes', 'closed the connection', (socket: Socket) => socket.destroy()],
    ['sends another protocol', 'AMP version', (socket: Socket) => socket.write('HTTP/1.1 400')],
    [
      'sends too much',
      'more than 100 bytes',
      (socket: Socket) => socket.write(encodeMessage(['x'.repeat(200)])),
    ],
  ])('of a daemon that %s are down, and so are the next', async (_, reason, react) => {
    const connection = await connectTo(react, 100);
    const down = { kind: 'down', reason: expect.stringContaining(reason) as string };
    expect(await connection.call('a', {}, 1000)).toMatchObject(down);
    expect(await connection.call('a', {}, 1000)).toMatchObject(down);
  });

  test('without an answer time out and end the connection', async () => {
    const connection = await connectTo(() => undefined);
    const replies: Promise<Reply>[] = [
      connection.call('a', {}, 20),
      connection.call('b', {}, 5000),
    ];
    expect((await Promise.all(replies)).map(({ kind }) => kind)).toEqual(['timeout', 'down']);
  });
});

test('a real daemon answers, and names a method that it does not have', async () => {
  const pm2 = await startPrivatePm2();
  try {
    const opened = await openConnection(join(pm2.home, 'rpc.sock'));
    if (opened.kind !== 'open') throw new Error(opened.reason);
    const { connection } = opened;
    expect(await connection.call('ping', {}, 20_000)).toEqual({
      kind: 'answered',
      value: { msg: 'pong' },
    });
    expect(await connection.call('nonsense', {}, 20_000)).toEqual({
      kind: 'refused',
      reason: 'method "nonsense" does not exist',
    });
    connection.close();
  } finally {
    await pm2.dispose();
  }
});
