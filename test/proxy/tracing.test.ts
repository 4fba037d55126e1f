/** What an instance learns of a request's trace, and of the track that it came on. */
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait.js';
import { route, startProxy, type TestProxy } from './support/proxies.js';
import { freePort } from '../support/ports.js';

const TRACE = {
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  tracestate: 'vendor=a,other=b',
};
const LIE = { 'Canary-Track': 'stable', connection: 'canary-track' };
const SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n';

let server: Server;
let proxy: TestProxy;
let seen: IncomingMessage[] = [];

beforeAll(async () => {
  server = createServer((req, res) => {
    seen.push(req);
    res.setHeader('content-type', 'application/json');
    req.resume().once('end', () => res.end('{"jsonrpc":"2.0","id":1,"result":{}}'));
  });
  server.on('upgrade', (req, socket) => {
    seen.push(req);
    socket.on('error', () => undefined).end(SWITCH);
  });
  await once(server.listen(await freePort(), '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  proxy = await startProxy({ stable: port });
});
beforeEach(() => (seen = []));
afterAll(async () => {
  await proxy.dispose();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const ports = () => {
  const { port } = server.address() as AddressInfo;
  return { stable: port, canary: port };
};

function send(path: string, headers: object): Promise<void> {
  const method = path === '/mcp' ? 'POST' : 'GET';
  const options = { port: proxy.port, path, method, headers: { ...headers } };
  return new Promise((resolve, reject) => {
    const req = request(options, (res) => res.resume().once('end', resolve));
    req.once('error', reject);
    req.end(method === 'POST' ? '{"jsonrpc":"2.0","id":1,"method":"tools/list"}' : undefined);
  });
}

async function upgrade(headers: object): Promise<void> {
  const own = { ...headers, host: 'x', upgrade: 'websocket', connection: 'upgrade, canary-track' };
  const lines = Object.entries(own).map(([name, value]) => `${name}: ${value}`);
  const socket = connect(proxy.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(`GET /ws HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  await waitFor(() => seen.length > 0, { what: 'the upgrade' });
  socket.destroy();
}

const WAYS = [
  ['a call', (headers: object) => send('/mcp', { 'content-type': 'application/json', ...headers })],
  ['a plain request', (headers: object) => send('/other', headers)],
  ['an upgrade', upgrade],
] as const;

describe.each(WAYS)('%s', (_, go) => {
  it('brings its trace to the instance as it came', async () => {
    await go(TRACE);
    expect(seen).toHaveLength(1);
    expect(seen[0]!.headers).toMatchObject(TRACE);
  });

  it('tells the instance its track once, whatever the client says of it', async () => {
    for (const [track, weights] of [
      ['stable', { drainCanary: true }],
      ['canary', { canary: 1, drainStable: true }],
    ] as const) {
      await proxy.setRoute(route(ports(), weights));
      seen = [];
      await go(LIE);
      expect(seen[0]!.headersDistinct['canary-track']).toEqual([track]);
    }
  });
});

it('says nothing of the track to the client', async () => {
  const answer = await fetch(`${proxy.url}/other`);
  expect(answer.headers.get('canary-track')).toBeNull();
});
