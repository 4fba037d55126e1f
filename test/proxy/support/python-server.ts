/**
 * An MCP server with the habits of Python's (FastMCP on Starlette and uvicorn): its endpoint ends in a
 * slash, events end in CR LF, no answer but that to `initialize` bears the session, and connections
 * are closed after 5 s without a request, unannounced.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { freePort } from '../../support/ports.js';
import type { RpcMessage } from './lab-server.js';

const KEEP_ALIVE_MS = 5_000;

export interface PythonOptions {
  /** What a request in an unknown session is answered with. */
  readonly unknown: { readonly status: number; readonly body: object };
}

export class PythonServer {
  readonly port: number;
  readonly sessions = new Set<string>();
  /** The paths of requests. */
  readonly paths: string[] = [];
  /** How often any tool ran. */
  runs = 0;
  /** Connections that this side closed for being idle. */
  timedOut = 0;
  /** Open connections. */
  open = 0;
  private readonly options: PythonOptions;
  private readonly server: Server;

  private constructor(port: number, options: PythonOptions) {
    this.port = port;
    this.options = options;
    this.server = createServer((req, res) => void this.serve(req, res));
    this.server.keepAliveTimeout = 0;
    this.server.on('connection', (socket) => {
      this.open += 1;
      socket.once('close', () => (this.open -= 1));
      socket.setTimeout(KEEP_ALIVE_MS, () => {
        this.timedOut += 1;
        socket.end();
      });
    });
  }

  static async start(options: PythonOptions): Promise<PythonServer> {
    const python = new PythonServer(await freePort(), options);
    await new Promise<void>((resolve) => python.server.listen(python.port, '127.0.0.1', resolve));
    return python;
  }

  async kill(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  private async serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    res.setHeader('connection', 'keep-alive');
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    this.paths.push(req.url ?? '');
    if (req.url !== '/mcp/') {
      res.writeHead(307, { location: `http://${req.headers.host}/mcp/`, 'content-length': 0 });
      res.end();
      return;
    }
    const session = String(req.headers['mcp-session-id'] ?? '');
    if (req.method === 'GET') return void res.writeHead(405, { 'content-length': 0 }).end();
    const message = JSON.parse(Buffer.concat(chunks).toString() || '{}') as RpcMessage;
    if (message.method === 'initialize') return this.initialize(res, message);
    if (!this.sessions.has(session)) return json(res, this.options.unknown);
    this.answer(res, message);
  }

  private initialize(res: ServerResponse, { id, params }: RpcMessage): void {
    const session = randomUUID().replaceAll('-', '');
    this.sessions.add(session);
    res.setHeader('mcp-session-id', session);
    const serverInfo = { name: 'python', version: '1' };
    const capabilities = { tools: { listChanged: false } };
    const { protocolVersion } = params ?? {};
    say(res, { id: id ?? 0, result: { protocolVersion, capabilities, serverInfo } });
  }

  private answer(res: ServerResponse, { id, method }: RpcMessage): void {
    if (id === undefined) return void res.writeHead(202, { 'content-length': 0 }).end();
    if (method === 'tools/call') this.runs += 1;
    say(res, { id, result: method === 'tools/call' ? { content: [], isError: false } : {} });
  }
}

function json(res: ServerResponse, { status, body }: PythonOptions['unknown']): void {
  const text = JSON.stringify(body);
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': text.length });
  res.end(text);
}

function say(res: ServerResponse, message: object): void {
  res.writeHead(200, { 'content-type': 'text/event-stream' });
  res.write(': ping - 2026-11-22 00:00:00+00:00\r\n\r\n');
  const data = JSON.stringify({ jsonrpc: '2.0', ...message });
  res.end(`event: message\r\ndata: ${data}\r\n\r\n`);
}
