/** MCP servers in this process, made for single tests. */
import { createServer, type Server } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import type { HostPort } from '../../../config/types.js';
import { freePort } from '../../support/ports.js';

export interface TestServer {
  readonly at: HostPort;
  close(): Promise<void>;
}

/** A server of both eras with the tools that `register` gives it. */
export function startSdkServer(register: (server: McpServer) => void): Promise<TestServer> {
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'made', version: '1' });
    register(server);
    return server;
  });
  const serve = toNodeHandler(handler);
  return listen(createServer((req, res) => void serve(req, res)));
}

/** A server that answers each method with the result that `answer` gives; undefined: not at all. */
export function startRawServer(
  answer: (method: string, params: Readonly<Record<string, unknown>>) => unknown,
): Promise<TestServer> {
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      if (req.method !== 'POST') return void res.writeHead(405).end();
      const {
        id,
        method,
        params = {},
      } = JSON.parse(Buffer.concat(chunks).toString()) as {
        readonly id?: number;
        readonly method: string;
        readonly params?: Readonly<Record<string, unknown>>;
      };
      if (id === undefined) return void res.writeHead(202).end();
      const result =
        method === 'initialize'
          ? {
              protocolVersion: params['protocolVersion'],
              serverInfo: { name: 'raw', version: '1' },
              capabilities: { tools: {}, resources: {}, prompts: {} },
            }
          : method === 'server/discover'
            ? new Error('no such method')
            : answer(method, params);
      if (result === undefined) return;
      res.writeHead(200, { 'content-type': 'application/json' });
      res.end(JSON.stringify({ jsonrpc: '2.0', id, ...asAnswer(result) }));
    });
  });
  return listen(server);
}

function asAnswer(result: unknown): object {
  return result instanceof Error
    ? { error: { code: -32_601, message: result.message } }
    : { result };
}

async function listen(server: Server): Promise<TestServer> {
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    at: { host: '127.0.0.1', port },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
