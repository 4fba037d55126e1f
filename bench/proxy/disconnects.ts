/**
 * How soon is an instance told that a client has gone? For each transport, in each state of the
 * stream, the time from the client's close to the instance's, through the proxy as a process. Clients
 * of 2025-11-25, which may come back for a call's stream, are waited for, and not measured.
 *
 *   node dist/bench/proxy/disconnects.js [ROUNDS]
 */
import { once } from 'node:events';
import {
  createServer,
  request,
  type ClientRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { startContender } from './contenders.js';
import { freePort } from '../../demo/free-port.js';

const SSE = { 'content-type': 'text/event-stream' };
const JSON_TYPE = { 'content-type': 'application/json' };
const ACCEPT = { accept: 'application/json, text/event-stream' };
const INITIALIZE =
  '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}';

/** An instance that opens whatever it is asked for, never ends it, and tells when it is closed. */
class Instance {
  private readonly server: Server;
  private arrived: ((closed: Promise<number>) => void) | null = null;

  constructor() {
    this.server = createServer((req, res) => this.serve(req, res));
    this.server.on('upgrade', (_req, socket) => {
      socket.on('error', () => undefined);
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n');
      socket.resume();
      this.tell(once(socket, 'end'));
    });
  }

  async listen(): Promise<number> {
    this.server.listen(await freePort(), '127.0.0.1');
    await once(this.server, 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  /** Resolves when the next request is there, to the promise of the time of its end. */
  next(): Promise<{ readonly closed: Promise<number> }> {
    return new Promise((resolve) => (this.arrived = (closed) => resolve({ closed })));
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private serve(req: IncomingMessage, res: ServerResponse): void {
    let body = '';
    req.on('data', (chunk: Buffer) => (body += chunk.toString('latin1')));
    req.once('end', () => this.answer(req, res, body));
  }

  private answer(req: IncomingMessage, res: ServerResponse, body: string): void {
    const id = (body === '' ? {} : (JSON.parse(body) as { id?: unknown })).id;
    if (body.includes('"initialize"')) {
      res.writeHead(200, { ...JSON_TYPE, 'mcp-session-id': 'one' });
      const result = { protocolVersion: '2025-06-18', capabilities: {}, serverInfo: { name: 's' } };
      res.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
      return;
    }
    if (req.method === 'DELETE') return void res.writeHead(200).end();
    if (req.method === 'GET' || body.includes('"stream"')) res.writeHead(200, SSE).flushHeaders();
    if (req.url?.startsWith('/sse')) res.write('event: endpoint\ndata: /message?sessionId=1\n\n');
    this.tell(once(res, 'close'));
  }

  private tell(closed: Promise<unknown>): void {
    this.arrived?.(closed.then(() => performance.now()));
    this.arrived = null;
  }
}

interface Case {
  readonly name: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

const call = (tool: string): string =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${tool}","arguments":{}}}`;

function cases(sessionId: string): Case[] {
  const session = { ...ACCEPT, 'mcp-session-id': sessionId };
  const modern = { ...ACCEPT, 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call' };
  const mcp = { method: 'POST', path: '/mcp' } as const;
  const upgrade = { connection: 'upgrade', upgrade: 'websocket' };
  return [
    { name: 'call without an answer', ...mcp, headers: session, body: call('wait') },
    { name: 'call with an open stream', ...mcp, headers: session, body: call('stream') },
    { name: 'GET stream', method: 'GET', path: '/mcp', headers: session },
    { name: 'legacy SSE', method: 'GET', path: '/sse', headers: ACCEPT },
    { name: 'stateless call', ...mcp, headers: modern, body: call('wait') },
    { name: 'stateless call with a stream', ...mcp, headers: modern, body: call('stream') },
    { name: 'plain HTTP', method: 'GET', path: '/plain', headers: {} },
    { name: 'WebSocket', method: 'GET', path: '/socket', headers: upgrade },
  ];
}

function send(port: number, { method, path, headers, body }: Omit<Case, 'name'>): ClientRequest {
  const type = body === undefined ? {} : JSON_TYPE;
  const sent = request({ port, host: '127.0.0.1', method, path, headers: { ...headers, ...type } });
  sent.on('error', () => undefined);
  sent.end(body);
  return sent;
}

async function measure(instance: Instance, port: number, one: Case): Promise<number> {
  const next = instance.next();
  const sent = send(port, one);
  sent.on('upgrade', () => undefined);
  const { closed } = await next;
  const leftAt = performance.now();
  sent.destroy();
  return (await closed) - leftAt;
}

async function openSession(port: number): Promise<string> {
  const sent = send(port, { method: 'POST', path: '/mcp', headers: ACCEPT, body: INITIALIZE });
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  answer.resume();
  return String(answer.headers['mcp-session-id']);
}

async function main(): Promise<void> {
  const rounds = Number(process.argv[2] ?? 100);
  const instance = new Instance();
  const proxy = await startContender('canary-proxy', await instance.listen());
  try {
    for (const one of cases(await openSession(proxy.port))) {
      const ms: number[] = [];
      for (let round = 0; round < rounds; round += 1)
        ms.push(await measure(instance, proxy.port, one));
      ms.sort((a, b) => a - b);
      const [min, median, max] = [0, rounds >> 1, rounds - 1].map((i) => (ms[i] ?? 0).toFixed(1));
      process.stdout.write(`| ${one.name} | ${min} | ${median} | ${max} |\n`);
    }
  } finally {
    await proxy.end();
    instance.close();
  }
}

await main();
