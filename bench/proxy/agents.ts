/** Agents of every kind that calls without pause, and the books they keep. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  Client as Client2,
  StreamableHTTPClientTransport as Http2,
} from '@modelcontextprotocol/client';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport as Http1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

export const KINDS = ['v1-http', 'v2-http', 'v1-sse', 'v2-stateless'] as const;
export type Kind = (typeof KINDS)[number];

/** A call without an answer for longer hangs. */
const HANG_MS = 30_000;
const MAX_CALL_MS = 40;
const AFTER_FAILURE_MS = 20;

export interface FinishedCall {
  readonly kind: Kind;
  readonly tool: 'lookup' | 'append';
  readonly key: string;
  readonly startedAt: number;
  readonly endedAt: number;
  /** Null when it succeeded. */
  readonly error: string | null;
  /** Its client gave up waiting. */
  readonly isHung: boolean;
}

/** A client with its session. */
export interface Caller {
  /** The session id that the client goes by; undefined when its transport does not tell. */
  sessionId(): string | undefined;
  callTool(name: string, args: Record<string, unknown>): Promise<unknown>;
  close(): Promise<void>;
}

/**
 * Connects a client of that kind.
 * @param timeout of each call, milliseconds.
 */
export async function connected(kind: Kind, url: string, timeout: number): Promise<Caller> {
  if (kind === 'v2-http' || kind === 'v2-stateless') {
    const mode = kind === 'v2-http' ? 'legacy' : 'auto';
    const client = new Client2({ name: kind, version: '2' }, { versionNegotiation: { mode } });
    const requestInit = { headers: { authorization: `Bearer ${randomUUID()}` } };
    const transport = new Http2(new URL('/mcp', url), { requestInit });
    await client.connect(transport);
    return {
      sessionId: () => transport.sessionId,
      callTool: (name, args) => client.callTool({ name, arguments: args }, { timeout }),
      close: () => client.close(),
    };
  }
  const client = new Client1({ name: kind, version: '1' });
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- legacy agents are what is tried
  const sse = () => new SSEClientTransport(new URL('/sse', url));
  const transport = kind === 'v1-sse' ? sse() : new Http1(new URL('/mcp', url));
  await client.connect(transport);
  return {
    sessionId: () => (transport instanceof Http1 ? transport.sessionId : undefined),
    callTool: (name, args) => client.callTool({ name, arguments: args }, undefined, { timeout }),
    close: () => client.close(),
  };
}

/** One agent; `calls` grows until `stop` is called. */
export class Agent {
  readonly calls: FinishedCall[] = [];
  private readonly kind: Kind;
  private readonly caller: Caller;
  private readonly hangMs: number;
  private isStopped = false;
  private readonly loop: Promise<void>;

  private constructor(kind: Kind, caller: Caller, hangMs: number) {
    this.kind = kind;
    this.caller = caller;
    this.hangMs = hangMs;
    this.loop = this.run();
  }

  /** @param hangMs how long it waits for each answer. */
  static async start(kind: Kind, url: string, hangMs = HANG_MS): Promise<Agent> {
    return new Agent(kind, await connected(kind, url, hangMs), hangMs);
  }

  /** The session id that its client goes by; undefined when its transport does not tell. */
  get sessionId(): string | undefined {
    return this.caller.sessionId();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.loop;
    await this.caller.close();
  }

  private async run(): Promise<void> {
    for (let n = 0; !this.isStopped; n += 1) {
      const tool = n % 3 === 0 ? 'append' : 'lookup';
      const key = randomUUID();
      const startedAt = performance.now();
      const error = await this.caller
        .callTool(tool, { key, ms: Math.floor(Math.random() * MAX_CALL_MS) })
        .then((result) => problemOf(result, key))
        .catch((failure: unknown) => String(failure));
      const endedAt = performance.now();
      const isHung = endedAt - startedAt >= this.hangMs;
      this.calls.push({ kind: this.kind, tool, key, startedAt, endedAt, error, isHung });
      if (error !== null) await delay(AFTER_FAILURE_MS);
    }
  }
}

/** Why that is no right answer to a call with that key; null when it is one. */
export function problemOf(result: unknown, key: string): string | null {
  const [first] = (result as { content: { text?: string }[] }).content;
  return first?.text === key ? null : `the answer is ${JSON.stringify(result)}`;
}
