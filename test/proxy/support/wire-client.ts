/** A client that speaks the wire itself, for what SDKs hide: statuses, headers, events, aborts. */
import type { RpcMessage } from './lab-server.js';

export interface WireAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The JSON-RPC messages of the answer, out of JSON or events. */
  readonly messages: (RpcMessage & { error?: { code: number; message: string } })[];
  readonly text: string;
}

const ACCEPT = 'application/json, text/event-stream';

export class WireClient {
  private readonly url: string;
  sessionId: string | null = null;
  private nextId = 1;
  private readonly extra: Record<string, string>;

  constructor(url: string, extra: Record<string, string> = {}) {
    this.url = url;
    this.extra = extra;
  }

  /** A client that has initialized. */
  static async open(
    baseUrl: string,
    extra: Record<string, string> = {},
    protocolVersion?: string,
  ): Promise<WireClient> {
    const client = await WireClient.greet(baseUrl, extra, protocolVersion);
    await client.post({ method: 'notifications/initialized' });
    return client;
  }

  /** A client that has sent `initialize`, and not yet `notifications/initialized`. */
  static async greet(
    baseUrl: string,
    extra: Record<string, string> = {},
    protocolVersion = '2025-11-25',
  ): Promise<WireClient> {
    const client = new WireClient(`${baseUrl}/mcp`, extra);
    const clientInfo = { name: 'wire', version: '1' };
    const params = { protocolVersion, capabilities: { sampling: {} }, clientInfo };
    const { headers } = await client.request('initialize', params);
    client.sessionId = headers.get('mcp-session-id');
    return client;
  }

  headers(): Record<string, string> {
    const session: Record<string, string> =
      this.sessionId === null ? {} : { 'mcp-session-id': this.sessionId };
    return { 'content-type': 'application/json', accept: ACCEPT, ...session, ...this.extra };
  }

  request(method: string, params: object = {}, signal?: AbortSignal): Promise<WireAnswer> {
    const id = this.nextId;
    this.nextId += 1;
    return this.post({ id, method, params: params as Record<string, unknown> }, signal);
  }

  call(name: string, args: object = {}, signal?: AbortSignal): Promise<WireAnswer> {
    return this.request('tools/call', { name, arguments: args }, signal);
  }

  /** Calls a tool, and collects what is said on its stream as it comes. */
  async callStream(name: string, args: object): Promise<WireStream> {
    const abort = new AbortController();
    const id = this.nextId;
    this.nextId += 1;
    const params = { name, arguments: args };
    const answer = await fetch(this.url, {
      method: 'POST',
      headers: this.headers(),
      body: JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params }),
      signal: abort.signal,
    });
    return new WireStream(answer, abort);
  }

  async post(message: RpcMessage | RpcMessage[], signal?: AbortSignal): Promise<WireAnswer> {
    const body = Array.isArray(message)
      ? message.map((one) => ({ jsonrpc: '2.0', ...one }))
      : { jsonrpc: '2.0', ...message };
    const answer = await fetch(this.url, {
      method: 'POST',
      headers: this.headers(),
      body: JSON.stringify(body),
      ...(signal && { signal }),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, messages: messagesIn(text), text };
  }

  delete(): Promise<Response> {
    return fetch(this.url, { method: 'DELETE', headers: this.headers() });
  }

  /** Opens a GET stream; messages are collected as they come. */
  async stream(lastEventId?: string): Promise<WireStream> {
    const abort = new AbortController();
    const last: Record<string, string> =
      lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
    const answer = await fetch(this.url, {
      headers: { ...this.headers(), ...last },
      signal: abort.signal,
    });
    return new WireStream(answer, abort);
  }
}

export class WireStream {
  text = '';
  isOpen = true;
  /** It broke off instead of ending. */
  isCut = false;
  readonly status: number;
  private readonly abort: AbortController;

  constructor(answer: Response, abort: AbortController) {
    this.status = answer.status;
    this.abort = abort;
    void this.read(answer);
  }

  get messages(): WireAnswer['messages'] {
    return messagesIn(this.text);
  }

  close(): void {
    this.abort.abort();
  }

  private async read(answer: Response): Promise<void> {
    const decoder = new TextDecoder();
    try {
      for await (const chunk of answer.body ?? []) this.text += decoder.decode(chunk as Uint8Array);
    } catch {
      this.isCut = !this.abort.signal.aborted;
    }
    this.isOpen = false;
  }
}

/** The messages of a JSON body, or of the events of a stream; what is no JSON is left out. */
function messagesIn(text: string): WireAnswer['messages'] {
  const bodies = text.startsWith('{') || text.startsWith('[') ? [text] : eventsIn(text);
  return bodies.flatMap((body) => {
    try {
      return [JSON.parse(body) as WireAnswer['messages'][number]].flat();
    } catch {
      return [];
    }
  });
}

/** The data of the events that are whole (WHATWG HTML, 9.2.6). */
function eventsIn(text: string): string[] {
  const blocks = text.split('\n\n').slice(0, -1);
  return blocks.map((block) => {
    const lines = block.split('\n').filter((line) => line.startsWith('data: '));
    return lines.map((line) => line.slice(6)).join('\n');
  });
}
