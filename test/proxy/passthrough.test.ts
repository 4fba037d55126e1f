import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../support/ports.js';
import { route, startProxy, type TestProxy } from './support/proxies.js';

/** Sends a request that asks for the connection's end; gives what came back by then. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text, 'latin1'));
    socket.setEncoding('latin1').on('data', (chunk: string) => (answer += chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

const HEAD = 'Host: agents.example\r\nConnection: close\r\n';
const UPGRADE = 'Host: agents.example\r\nConnection: upgrade\r\nUpgrade: websocket\r\n';

describe('a request that is passed on', () => {
  let main: Server;
  let proxy: TestProxy;
  let seen: IncomingMessage[] = [];

  beforeAll(async () => {
    main = createServer((req, res) => {
      seen.push(req);
      req.resume().on('end', () => res.end('ok'));
    });
    const ports = { stable: await freePort() };
    await new Promise<void>((resolve) => main.listen(ports.stable, '127.0.0.1', resolve));
    proxy = await startProxy(ports);
    await proxy.setRoute(route(ports));
  });
  beforeEach(() => {
    seen = [];
  });
  afterAll(async () => {
    await proxy.dispose();
    main.close();
    main.closeAllConnections();
  });

  it.each(['/\\mcp', '/a\\b', '/x//y', '/\\a@[', '/a@b|"c', '/a?b\\c//d??'])(
    'is for the same target: %s',
    async (target) => {
      const answer = await raw(proxy.port, `GET ${target} HTTP/1.1\r\n${HEAD}\r\n`);
      expect(answer).toMatch(/^HTTP\/1.1 200 /);
      await raw(proxy.port, `GET ${target} HTTP/1.1\r\n${UPGRADE}\r\n`);
      expect(seen.map(({ url }) => url)).toEqual([target, target]);
    },
  );

  it.each(['/mcp#', '/#mcp', '//mcp', 'http://agents.example/mcp'])(
    'is refused for a target that servers read differently: %s',
    async (target) => {
      const answer = await raw(proxy.port, `POST ${target} HTTP/1.1\r\n${HEAD}\r\n`);
      expect(answer).toMatch(/^HTTP\/1.1 400 /);
      await raw(proxy.port, `GET ${target} HTTP/1.1\r\n${UPGRADE}\r\n`);
      expect(seen).toEqual([]);
    },
  );

  it('has its headers cleaned though it expects a 100', async () => {
    const own = 'Expect: 100-continue\r\nTE: trailers\r\nX-Forwarded-For: 192.0.2.1\r\n';
    const text = `POST /up HTTP/1.1\r\n${HEAD}${own}Content-Length: 5\r\n\r\nhello`;
    expect(await raw(proxy.port, text)).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 /);
    await raw(proxy.port, `GET /up HTTP/1.1\r\n${UPGRADE}${own}\r\n`);
    expect(seen).toHaveLength(2);
    for (const { headers } of seen) {
      expect(headers).toMatchObject({ 'x-forwarded-for': '192.0.2.1, 127.0.0.1' });
      expect(headers).not.toHaveProperty('te');
      expect(headers).not.toHaveProperty('expect');
    }
  });
});
