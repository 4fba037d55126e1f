import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pino } from 'pino';
import { freePort } from '../support/ports.js';
import { ownDoors } from '../../proxy/doors.js';
import { Listener } from '../../proxy/listener.js';

const HEADERS_TIMEOUT_MS = 1_000;
const KEEP_ALIVE_MS = 3_000;

let port: number;
let listener: Listener;

beforeAll(async () => {
  port = await freePort();
  listener = new Listener(
    { host: '127.0.0.1', port },
    { onRequest: (_, res) => res.end('served'), onUpgrade: (_, socket) => socket.destroy() },
    pino({ level: 'silent' }),
    { headersTimeoutMs: HEADERS_TIMEOUT_MS, checkIntervalMs: 20, keepAliveMs: KEEP_ALIVE_MS },
  );
  await listener.open(ownDoors);
});

afterAll(() => {
  listener.shut();
  listener.closeConnections();
});

/** A connection that the listener has begun to read from. */
async function begun(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write('GET / HTTP/1.1\r\n');
  return socket;
}

/** The process has no turn for longer than headers may take. */
function stall(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2 * HEADERS_TIMEOUT_MS);
}

describe('headers that are late', () => {
  it('are refused with 408', async () => {
    expect(await text(await begun())).toContain('408 Request Timeout');
  });

  it('are served when they had come before the process had a turn to read them', async () => {
    const socket = await begun();
    // Connections are taken in their order: with this answer its time has begun to count.
    await (await fetch(`http://127.0.0.1:${port}/`)).text();
    socket.write('host: x\r\nconnection: close\r\n\r\n');
    stall();
    expect(await text(socket)).toContain('served');
  });
});

describe('a connection in stock, that nothing has been sent on', () => {
  it('serves a request that comes after headers’ time, and may take its own for it', async () => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    await delay(2 * HEADERS_TIMEOUT_MS);
    socket.write('GET / HTTP/1.1\r\n');
    await delay(HEADERS_TIMEOUT_MS / 2);
    socket.write('host: x\r\nconnection: close\r\n\r\n');
    expect(await text(socket)).toContain('served');
  });

  it('is closed without a word when none comes', async () => {
    expect(await text(connect(port, '127.0.0.1'))).toBe('');
  });
});
