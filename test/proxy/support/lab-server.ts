/**
 * An MCP server whose faults can be ordered: it runs in this process on a real socket, counts what
 * it executed, and can be killed like a process (every socket reset at once).
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { freePort } from '../../support/ports.js';

export interface RpcMessage {
  readonly jsonrpc?: string;
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: unknown;
  readonly error?: { readonly code: unknown; readonly message: string };
}

/** How a `tools/call` behaves: its arguments. */
export interface Behaviour {
  /** Answers after this time. */
  ms?: number;
  /** Answers with an event stream. */
  sse?: boolean;
  /** Sends the stream's head, and an event, at once. */
  early?: boolean;
  /** Gives event ids. */
  ids?: boolean;
  /** Closes the stream before the answer, for the client to resume. */
  suspend?: boolean;
  /** Sends the stream's head and so many bytes of an answer of `size`, and no more. */
  half?: number;
  /** Keeps the stream open after the answer. */
  lingers?: boolean;
  /** Asks the client something on the stream (7, then 8, …), and answers when it has replied. */
  asks?: boolean;
  /** Bytes of text in the result. */
  size?: number;
  /** Answers with an error of this code: no number, where a server knows no better. */
  code?: unknown;
  outcome?:
    'ok' | 'tool_error' | 'rpc_error' | 'bad_params' | 'http_500' | 'http_400' | 'cut' | 'never';
}

/** What these are answered with. */
const CODES: Partial<Record<NonNullable<Behaviour['outcome']>, number>> = {
  rpc_error: -32_603,
  bad_params: -32_602,
};

/** What a request is answered with in place of what it asks for; `silence`: with nothing. */
export type Refusal =
  | 'silence'
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly text?: string;
    };

export interface Received {
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly url: string;
  readonly message: RpcMessage | null;
  readonly session: string | null;
}

export interface LabOptions {
  readonly name?: string;
  /** What an unknown session is answered with. */
  readonly unknownStatus?: 400 | 404;
  /** Begins to answer `initialize`, and says no more. */
  readonly stallsAtInitialize?: boolean;
  /** Knows none of its sessions again. */
  readonly isForgetful?: boolean;
  /** Gives no session ids. */
  readonly isStateless?: boolean;
}

export class LabServer {
  readonly received: Received[] = [];
  /** How often each tool ran. */
  readonly executed = new Map<string, number>();
  /** Answers that the other side closed before they were whole. */
  aborted = 0;
  /** Calls run and DELETEs come in, and are never answered. */
  hangs = false;
  /** Ends the streams of `subscriptions/listen` as soon as they are open. */
  endsListening = false;
  /** What a GET is answered with in place of a stream. */
  streamRefusal: number | null = null;
  /** Answers are whole, whatever their calls ask for. */
  ignoresHalf = false;
  /** Says which requests are refused. */
  refuses: ((request: Received) => Refusal | null) | null = null;
  /** What goes on when a request of the server is answered, by session and id. */
  private readonly asked = new Map<string, () => void>();
  private nextAskedId = 7;
  /** Bytes of large results that the other side has taken. */
  sentBytes = 0;
  readonly sessions = new Set<string>();
  readonly streams = new Map<string, Set<ServerResponse>>();
  private readonly options: LabOptions;
  private readonly sockets = new Set<Socket>();
  private server: Server | null = null;
  port = 0;

  private constructor(options: LabOptions) {
    this.options = options;
  }

  static async start(options: LabOptions = {}): Promise<LabServer> {
    const lab = new LabServer(options);
    lab.port = await freePort();
    await lab.listen();
    return lab;
  }

  /** Listens (again) on its port, with none of the sessions it had. */
  async listen(): Promise<void> {
    this.sessions.clear();
    this.streams.clear();
    this.server = createServer((req, res) => void this.serve(req, res));
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
    await new Promise<void>((resolve) => this.server?.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  /** Dies: every connection is reset, nothing listens any more. */
  async kill(): Promise<void> {
    const { server } = this;
    this.server = null;
    if (server === null) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.sockets) socket.resetAndDestroy();
    await closed;
  }

  /** Forgets all sessions, as a restart does, without closing anything. */
  forgetSessions(): void {
    this.sessions.clear();
  }

  methods(): string[] {
    return this.received.flatMap(({ message, method }) =>
      message?.method === undefined
        ? method === 'POST'
          ? ['answer']
          : [method]
        : [message.method],
    );
  }

  /** Sends a message on the GET streams of all sessions. */
  broadcast(message: RpcMessage, eventId?: string): void {
    const id = eventId === undefined ? '' : `id: ${eventId}\n`;
    this.write(`${id}data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`);
  }

  /** Writes on the GET streams of all sessions. */
  write(text: string): void {
    for (const streams of this.streams.values()) for (const res of streams) res.write(text);
  }

  private async serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    res.once('close', () => {
      if (!res.writableFinished) this.aborted += 1;
    });
    const text = await bodyOf(req);
    if (text === null) return;
    const { message, batch } = messagesIn(text);
    const session = (req.headers['mcp-session-id'] as string | undefined) ?? null;
    this.note(req, session, batch ?? [message]);
    if (!this.isRefused(res)) this.dispatch(req, res, text, session);
  }

  private dispatch(
    req: IncomingMessage,
    res: ServerResponse,
    text: string,
    session: string | null,
  ): void {
    const { message, batch } = messagesIn(text);
    const { method = '', url = '' } = req;
    if (!url.startsWith('/mcp')) return this.plain(req, res, text);
    if (session !== null && !this.sessions.has(session)) return this.unknown(res, message);
    if (method === 'GET') return this.openStream(req, res, session ?? '');
    if (method === 'DELETE') return this.endSession(res, session ?? '');
    if (batch === null) this.rpc(res, message, session);
    else this.batch(res, batch);
  }

  /** Whether the request that came last is refused. */
  private isRefused(res: ServerResponse): boolean {
    const request = this.received.at(-1);
    const refusal = request === undefined ? null : (this.refuses?.(request) ?? null);
    if (refusal === null || refusal === 'silence') return refusal !== null;
    res.writeHead(refusal.status, refusal.headers).end(refusal.text);
    return true;
  }

  private endSession(res: ServerResponse, session: string): void {
    if (this.hangs) return;
    this.sessions.delete(session);
    res.writeHead(200).end();
  }

  private note(
    { method = '', url = '', headers, rawHeaders }: IncomingMessage,
    session: string | null,
    messages: readonly (RpcMessage | null)[],
  ): void {
    const request = { method, url, headers, rawHeaders, session };
    this.received.push(...messages.map((message) => ({ ...request, message })));
  }

  private batch(res: ServerResponse, messages: readonly RpcMessage[]): void {
    const requests = messages.filter(({ id, method }) => id !== undefined && method !== undefined);
    for (const { method, params } of requests)
      if (method === 'tools/call') this.count(String(params?.['name']));
    if (this.hangs) return;
    const answers = requests.map(({ id }) => ({ jsonrpc: '2.0', id, result: this.resultOf({}) }));
    res.writeHead(answers.length > 0 ? 200 : 202, { 'content-type': 'application/json' });
    res.end(answers.length > 0 ? JSON.stringify(answers) : '');
  }

  private plain(req: IncomingMessage, res: ServerResponse, text: string): void {
    if (req.url?.startsWith('/hang')) return;
    if (req.url?.startsWith('/trickle')) {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.flushHeaders();
      return;
    }
    const body = JSON.stringify({ method: req.method, url: req.url, headers: req.headers, text });
    res.writeHead(200, {
      'content-type': 'application/json',
      connection: 'x-secret',
      'x-secret': '1',
    });
    res.end(body);
  }

  private unknown(res: ServerResponse, message: RpcMessage | null): void {
    const error = { code: -32_000, message: 'Bad Request: No valid session ID provided' };
    const status = this.options.unknownStatus ?? 404;
    res.writeHead(status, { 'content-type': 'application/json' });
    res.end(JSON.stringify({ jsonrpc: '2.0', id: message?.id ?? null, error }));
  }

  private openStream(req: IncomingMessage, res: ServerResponse, session: string): void {
    if (this.streamRefusal !== null) {
      res.writeHead(this.streamRefusal).end();
      return;
    }
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.flushHeaders();
    const last = req.headers['last-event-id'];
    if (typeof last === 'string' && last.startsWith('suspended-')) {
      const id = Number(last.slice('suspended-'.length));
      res.end(event({ id, result: this.resultOf({}) }, `done-${id}`));
      return;
    }
    const streams = this.streams.get(session) ?? new Set();
    this.streams.set(session, streams.add(res));
    res.once('close', () => streams.delete(res));
  }

  private rpc(res: ServerResponse, message: RpcMessage | null, session: string | null): void {
    if (message?.method === undefined || message.id === undefined) {
      if (message?.method === undefined) this.asked.get(`${session} ${message?.id}`)?.();
      res.writeHead(202).end();
      return;
    }
    switch (message.method) {
      case 'initialize':
        return this.initialize(res, message);
      case 'tools/list':
        return answer(res, message, { tools: TOOLS });
      case 'tools/call':
        return this.call(res, message, session);
      case 'subscriptions/listen':
        return this.listenTo(res);
      default:
        return answer(res, message, {});
    }
  }

  private listenTo(res: ServerResponse): void {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    if (this.endsListening) res.end();
    else res.flushHeaders();
  }

  private initialize(res: ServerResponse, message: RpcMessage): void {
    const { protocolVersion = '2025-06-18' } = message.params ?? {};
    const serverInfo = { name: this.options.name ?? 'lab', version: '1' };
    const headers: Record<string, string> = {};
    if (this.options.isStateless !== true) {
      const id = randomUUID();
      if (this.options.isForgetful !== true) this.sessions.add(id);
      headers['mcp-session-id'] = id;
    }
    if (this.options.stallsAtInitialize === true) {
      res.writeHead(200, { 'content-type': 'application/json', ...headers }).flushHeaders();
      return;
    }
    const capabilities = { tools: {}, logging: {}, resources: { subscribe: true } };
    answer(res, message, { protocolVersion, capabilities, serverInfo }, headers);
  }

  private resultOf({ size = 0 }: Behaviour, isError = false): object {
    const text = this.options.name ?? 'lab';
    return { content: [{ type: 'text', text: size > 0 ? 'x'.repeat(size) : text }], isError };
  }

  private call(res: ServerResponse, message: RpcMessage, session: string | null): void {
    const { name, arguments: args } = message.params as { name: string; arguments?: Behaviour };
    const behaviour = args ?? {};
    this.count(name);
    if (behaviour.sse === true) this.beginStream(res, message, behaviour);
    if (behaviour.half !== undefined && !this.ignoresHalf)
      return this.sayHalf(res, message, behaviour);
    if (behaviour.asks === true) return this.ask(res, message, behaviour, session);
    if (behaviour.suspend === true || behaviour.outcome === 'never' || this.hangs) return;
    setTimeout(() => this.finish(res, message, behaviour, session), behaviour.ms ?? 0);
  }

  private count(tool: string): void {
    this.executed.set(tool, (this.executed.get(tool) ?? 0) + 1);
  }

  private ask(
    res: ServerResponse,
    message: RpcMessage,
    behaviour: Behaviour,
    session: string | null,
  ): void {
    const id = this.nextAskedId;
    this.nextAskedId += 1;
    res.write(event({ id, method: 'sampling/createMessage', params: {} }));
    this.asked.set(`${session} ${id}`, () => this.finish(res, message, behaviour, session));
  }

  private beginStream(
    res: ServerResponse,
    { id, params }: RpcMessage,
    { early, ids, suspend }: Behaviour,
  ): void {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    if (suspend === true) res.end(`id: suspended-${id ?? ''}\nretry: 50\ndata:\n\n`);
    else if (early === true) {
      const { progressToken = id } = (params?.['_meta'] ?? {}) as { progressToken?: number };
      const progress = {
        method: 'notifications/progress',
        params: { progress: 1, progressToken },
      };
      res.write(event(progress, ids === true ? `early-${id ?? ''}` : undefined));
    } else res.flushHeaders();
  }

  private sayHalf(res: ServerResponse, { id }: RpcMessage, behaviour: Behaviour): void {
    const whole = event({ id, result: this.resultOf(behaviour) });
    res.write(whole.slice(0, behaviour.half));
  }

  private finish(
    res: ServerResponse,
    message: RpcMessage,
    b: Behaviour,
    session: string | null,
  ): void {
    const { id } = message;
    if (b.outcome === 'cut') {
      res.socket?.resetAndDestroy();
      return;
    }
    if (b.outcome === 'http_500' || b.outcome === 'http_400') {
      res.writeHead(b.outcome === 'http_500' ? 500 : 400, { 'content-type': 'text/plain' });
      res.end('no');
      return;
    }
    const reply = this.replyTo(id, b);
    if (b.sse === true) this.finishStream(res, reply, b);
    else {
      const headers = session === null ? {} : { 'mcp-session-id': session };
      const body = JSON.stringify({ jsonrpc: '2.0', ...reply });
      res.writeHead(200, { 'content-type': 'application/json', ...headers });
      this.sendInPieces(res, Buffer.from(body));
    }
  }

  private replyTo(id: RpcMessage['id'], b: Behaviour): RpcMessage {
    const code = b.code ?? (b.outcome === undefined ? undefined : CODES[b.outcome]);
    return code === undefined
      ? { id, result: this.resultOf(b, b.outcome === 'tool_error') }
      : { id, error: { code, message: 'no' } };
  }

  private finishStream(res: ServerResponse, reply: RpcMessage, { ids, lingers }: Behaviour): void {
    const text = event(reply, ids === true ? `done-${reply.id ?? ''}` : undefined);
    if (lingers === true) res.write(text);
    else this.sendInPieces(res, Buffer.from(text));
  }

  private sendInPieces(res: ServerResponse, body: Buffer): void {
    const pieces: Buffer[] = [];
    for (let i = 0; i < body.length; i += PIECE_BYTES)
      pieces.push(body.subarray(i, i + PIECE_BYTES));
    const source = Readable.from(pieces, { objectMode: true, highWaterMark: 1 });
    source.on('data', (piece: Buffer) => (this.sentBytes += piece.length));
    source.pipe(res);
  }
}

/** Null when the other side left before it was whole. */
async function bodyOf(req: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of req) chunks.push(chunk as Buffer);
  } catch {
    return null;
  }
  return Buffer.concat(chunks).toString();
}

function messagesIn(text: string): { message: RpcMessage | null; batch: RpcMessage[] | null } {
  return {
    message: text.startsWith('{') ? (JSON.parse(text) as RpcMessage) : null,
    batch: text.startsWith('[') ? (JSON.parse(text) as RpcMessage[]) : null,
  };
}

const PIECE_BYTES = 64 * 1024;

const TOOLS = [
  { name: 'read', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } },
  { name: 'write', inputSchema: { type: 'object' } },
];

function event(message: object, id?: string): string {
  const idLine = id === undefined ? '' : `id: ${id}\n`;
  return `event: message\n${idLine}data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`;
}

function answer(
  res: ServerResponse,
  { id }: RpcMessage,
  result: object,
  headers: Record<string, string> = {},
): void {
  const body = JSON.stringify({ jsonrpc: '2.0', id, result });
  res.writeHead(200, { 'content-type': 'application/json', ...headers });
  res.end(body);
}
