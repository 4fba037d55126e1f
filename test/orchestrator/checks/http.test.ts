import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { measureHttp } from '../../../orchestrator/checks/http.js';
import { freePort } from '../../support/ports.js';

let server: Server;
let port: number;

beforeAll(async () => {
  port = await freePort();
  server = createServer((req, res) => {
    if (req.url === '/hangs') return;
    res.writeHead(Number(req.url?.slice(1)), { location: '/200' }).end('a body');
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
});

afterAll(() => {
  server.close();
  server.closeAllConnections();
});

function measure(path: string, timeoutMs = 10_000) {
  return measureHttp(`http://127.0.0.1:${port}${path}`, AbortSignal.timeout(timeoutMs));
}

it.each([
  ['/200', true],
  ['/302', true],
  ['/404', false],
  ['/503', false],
])('%s is good: %s', async (path, ok) => {
  expect(await measure(path)).toEqual({ ok, value: Number(path.slice(1)), error: null });
});

it('without an answer it was not measured', async () => {
  expect(await measure('/hangs', 50)).toMatchObject({ ok: null, error: 'no answer in time' });
  const nobody = `http://user:hunter2@127.0.0.1:${await freePort()}/x`;
  const refused = await measureHttp(nobody, AbortSignal.timeout(10_000));
  expect(refused.ok).toBeNull();
  expect(refused.error).not.toContain('hunter2');
});
