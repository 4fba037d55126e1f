/** A legacy SSE server that insists on `initialize`, as Python's do: it counts what it was told. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { freePort } from '../../support/ports.js';
import type { RpcMessage } from './lab-server.js';

const TOOLS = [
  { name: 'read', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } },
  { name: 'write', inputSchema: { type: 'object' } },
];

export class SseServer {
  /** What was posted, by session in the order of connections. */
  readonly received: RpcMessage[][] = [];
  readonly streams = new Map<number, ServerResponse>();
  /** How often each tool ran. */
  readonly executed = new Map<string, number>();
  /** Executes tools and answers to no request. */
  isSilent = false;
  /** Until then, by `performance.now()`, calls are reset. */
  cutsUntil = 0;
  /** With which token alone streams may be opened; null: with any, and with none. */
  token: string | null = null;
  /** What a message for an unknown session is answered with. */
  unknown = { status: 404, text: 'Could not find session' };
  port = 0;
  private readonly initialized = new Set<number>();
  private readonly sockets = new Set<Socket>();
  private server: Server | null = null;

  static async start(): Promise<SseServer> {
    const sse = new SseServer();
    sse.port = await freePort();
    await sse.listen();
    return sse;
  }

  async listen(): Promise<void> {
    this.server = createServer((req, res) => void this.serve(req, res));
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
    await new Promise<void>((resolve) => this.server?.listen(this.port, '127.0.0.1', resolve));
  }

  /** Dies: every connection is reset, nothing listens any more. */
  async kill(): Promise<void> {
    const closed = new Promise((resolve) => this.server?.close(resolve));
    for (const socket of this.sockets) socket.resetAndDestroy();
    await closed;
  }

  /** Forgets its sessions without closing a connection. */
  forgetSessions(): void {
    this.streams.clear();
  }

  /** How often any tool ran. */
  get runs(): number {
    return [...this.executed.values()].reduce((sum, n) => sum + n, 0);
  }

  /** The methods that a session was sent. */
  methods(session: number): string[] {
    return (this.received[session] ?? []).map(({ method }) => method ?? 'answer');
  }

  say(session: number, message: object): void {
    const data = JSON.stringify({ jsonrpc: '2.0', ...message });
    this.streams.get(session)?.write(`event: message\ndata: ${data}\n\n`);
  }

  private async serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    if (req.method === 'GET') return this.open(req, res);
    const session = Number(new URL(req.url ?? '/', 'http://x').searchParams.get('s'));
    if (!this.streams.has(session)) {
      res.writeHead(this.unknown.status).end(this.unknown.text);
      return;
    }
    const message = JSON.parse(Buffer.concat(chunks).toString()) as RpcMessage;
    this.received[session]?.push(message);
    if (message.method === 'tools/call' && performance.now() < this.cutsUntil) {
      res.socket?.resetAndDestroy();
      return;
    }
    res.writeHead(202).end('Accepted');
    if (message.id !== undefined && message.method !== undefined) this.answer(session, message);
  }

  private open({ headers }: IncomingMessage, res: ServerResponse): void {
    if (this.token !== null && headers.authorization !== `Bearer ${this.token}`) {
      res.writeHead(401, { 'www-authenticate': 'Bearer' }).end('expired');
      return;
    }
    const session = this.received.push([]) - 1;
    this.streams.set(session, res);
    res.once('close', () => this.streams.delete(session));
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.write(`event: endpoint\ndata: /messages?s=${session}\n\n`);
  }

  private answer(session: number, { id, method, params = {} }: RpcMessage): void {
    const told = id === undefined ? {} : { id };
    if (this.isSilent && method !== 'tools/call') return;
    if (method === 'initialize') {
      this.initialized.add(session);
      const { protocolVersion } = params;
      const serverInfo = { name: 'sse', version: '1' };
      const capabilities = { tools: {}, resources: { subscribe: true }, logging: {} };
      return this.say(session, { ...told, result: { protocolVersion, capabilities, serverInfo } });
    }
    if (!this.initialized.has(session)) {
      const error = { code: -32_602, message: 'Received request before initialization' };
      return this.say(session, { ...told, error });
    }
    if (method === 'tools/list') return this.say(session, { ...told, result: { tools: TOOLS } });
    if (method !== 'tools/call') return this.say(session, { ...told, result: {} });
    const { name, arguments: args } = params as { name: string; arguments?: { never?: boolean } };
    this.executed.set(name, (this.executed.get(name) ?? 0) + 1);
    if (args?.never === true || this.isSilent) return;
    this.say(session, { ...told, result: { content: [{ type: 'text', text: `by ${session}` }] } });
  }
}
