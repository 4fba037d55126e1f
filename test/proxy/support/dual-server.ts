/** A server of both eras, built on the SDK's second generation; its name is what its tool says. */
import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, inputRequired, McpServer } from '@modelcontextprotocol/server';
import type { Socket } from 'node:net';
import { freePort } from '../../support/ports.js';

export interface DualServer {
  readonly port: number;
  /** `tools/call` requests that ran, and those of them whose client went away. */
  readonly ran: { calls: number; cancelled: number };
  notifyToolsChanged(): void;
  /** Resets every connection and listens no more. */
  kill(): Promise<void>;
}

export async function startDual(name: string): Promise<DualServer> {
  const ran = { calls: 0, cancelled: 0 };
  const states = new Set<string>();
  const handler = createMcpHandler(() => {
    const mcp = new McpServer({ name, version: '1' });
    mcp.registerTool('who', { annotations: { readOnlyHint: true } }, () => {
      ran.calls += 1;
      return { content: [{ type: 'text', text: name }] };
    });
    mcp.registerTool('wait', {}, async (ctx) => {
      ran.calls += 1;
      await new Promise((resolve) => ctx.mcpReq.signal.addEventListener('abort', resolve));
      ran.cancelled += 1;
      return { content: [] };
    });
    mcp.registerTool('ask', { annotations: { readOnlyHint: true } }, ({ mcpReq }) => {
      const brought = mcpReq.requestState<string>();
      if (brought === undefined) return inputRequired(question(states));
      const text = states.delete(brought) ? name : `${name} does not know that state`;
      return { content: [{ type: 'text', text }] };
    });
    return mcp;
  });
  const sockets = new Set<Socket>();
  const serve = toNodeHandler(handler);
  const server: Server = createServer((req, res) => void serve(req, res));
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    port,
    ran,
    notifyToolsChanged: () => handler.notify.toolsChanged(),
    kill: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.resetAndDestroy();
      await closed;
    },
  };
}

/** A question whose state only this server knows; real ones are signed, and as long. */
function question(states: Set<string>) {
  const requestState = randomBytes(1_500).toString('base64url');
  states.add(requestState);
  const requestedSchema = {
    type: 'object' as const,
    properties: { sure: { type: 'boolean' as const } },
  };
  const sure = inputRequired.elicit({ message: 'Sure?', requestedSchema });
  return { requestState, inputRequests: { sure } };
}
