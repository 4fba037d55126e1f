import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { callUnix, serveUnix } from '../../common/unix-http.js';

const dir = mkdtempSync(join(tmpdir(), 'canary-unix-'));
const path = join(dir, 'a.sock');
let server: Server;

beforeAll(async () => {
  server = await serveUnix(path, ({ body }) => ({ status: 200, body }), null);
});
afterAll(() => {
  server.close();
  rmSync(dir, { recursive: true });
});

/** What comes back for these bytes, after which the caller goes. */
function told(bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(path, () => socket.end(bytes));
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
  });
}

const stillAnswers = (): Promise<unknown> =>
  callUnix(path, { method: 'POST', path: '/', body: [1], timeoutMs: 5_000 });

it('refuses an address that is none, and goes on', async () => {
  expect(await told('GET //[ HTTP/1.1\r\nHost: a\r\n\r\n')).toContain('400 Bad Request');
  expect(await stillAnswers()).toEqual({ kind: 'answered', status: 200, body: [1] });
});

it('outlives a caller that goes in the middle of a body', async () => {
  await told('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc');
  expect(await stillAnswers()).toEqual({ kind: 'answered', status: 200, body: [1] });
});
