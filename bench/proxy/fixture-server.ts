/**
 * A real MCP server of all transports on one port: Streamable HTTP with sessions and legacy SSE by
 * the SDK's first generation, the stateless revision by its second. Run as a process:
 *
 *   PORT=8000 node fixture-server.js RUNS_FILE
 *
 * `lookup` is read-only. `append` is not, and leaves a line with its key and the time in RUNS_FILE
 * when it runs (runs.ts), so that one can count who ran twice. Both take their time (`ms`) before they answer.
 */
import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createMcpHandler, McpServer as ModernServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { runLine } from './runs.js';

const STATELESS_FROM = '2026-07-28';

interface Arguments {
  readonly key: string;
  readonly ms: number;
}

const input = { key: z.string(), ms: z.number() };

async function lookup({ key, ms }: Arguments) {
  await delay(ms);
  return { content: [{ type: 'text' as const, text: key }] };
}

function appender(runsFile: string) {
  return async ({ key, ms }: Arguments) => {
    appendFileSync(runsFile, runLine(key));
    await delay(ms);
    return { content: [{ type: 'text' as const, text: key }] };
  };
}

function sessionServer(runsFile: string): McpServer {
  const server = new McpServer({ name: 'fixture', version: '1' });
  const readOnly = { inputSchema: input, annotations: { readOnlyHint: true } };
  server.registerTool('lookup', readOnly, lookup);
  server.registerTool('append', { inputSchema: input }, appender(runsFile));
  return server;
}

function modernServer(runsFile: string): ModernServer {
  const server = new ModernServer({ name: 'fixture', version: '1' });
  const inputSchema = z.object(input);
  server.registerTool('lookup', { inputSchema, annotations: { readOnlyHint: true } }, lookup);
  server.registerTool('append', { inputSchema }, appender(runsFile));
  return server;
}

/** The HTTP side: which transport is meant, and which session. */
class Fixture {
  private readonly runsFile: string;
  private readonly streamable = new Map<string, StreamableHTTPServerTransport>();
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- legacy agents are what is served
  private readonly sse = new Map<string, SSEServerTransport>();
  private readonly modern: ReturnType<typeof toNodeHandler>;

  constructor(runsFile: string) {
    this.runsFile = runsFile;
    this.modern = toNodeHandler(createMcpHandler(() => modernServer(runsFile)));
  }

  async serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(req.url ?? '/', 'http://fixture');
    if (pathname === '/sse') return this.openSse(res);
    if (pathname === '/message') return this.postSse(searchParams.get('sessionId') ?? '', req, res);
    const version = req.headers['mcp-protocol-version'];
    if (typeof version === 'string' && version >= STATELESS_FROM) return this.modern(req, res);
    return this.inSession(req, res);
  }

  private async inSession(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const id = req.headers['mcp-session-id'];
    if (id === undefined) return this.openSession(req, res);
    const transport = this.streamable.get(String(id));
    if (transport !== undefined) return transport.handleRequest(req, res);
    res.writeHead(404, { 'content-type': 'application/json' });
    res.end('{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}');
  }

  private async openSession(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void this.streamable.set(id, transport),
      onsessionclosed: (id) => void this.streamable.delete(id),
    });
    await sessionServer(this.runsFile).connect(transport);
    await transport.handleRequest(req, res);
  }

  private async openSse(res: ServerResponse): Promise<void> {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- legacy agents are what is served
    const transport = new SSEServerTransport('/message', res);
    this.sse.set(transport.sessionId, transport);
    res.once('close', () => this.sse.delete(transport.sessionId));
    await sessionServer(this.runsFile).connect(transport);
  }

  private async postSse(id: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
    const transport = this.sse.get(id);
    if (transport !== undefined) return transport.handlePostMessage(req, res);
    res.writeHead(404).end();
  }
}

const fixture = new Fixture(process.argv[2] ?? '/dev/null');
createServer((req, res) => void fixture.serve(req, res)).listen(
  Number(process.env['PORT']),
  '127.0.0.1',
);
