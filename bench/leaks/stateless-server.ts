/** A healthy stateless server, by the SDK's second generation: `node stateless-server.js` with $PORT. */
import { createServer } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';

const serve = toNodeHandler(
  createMcpHandler(() => {
    const server = new McpServer({ name: 'stateless', version: '1' });
    const inputSchema = z.object({ message: z.string() });
    server.registerTool('echo', { inputSchema }, ({ message }) => ({
      content: [{ type: 'text', text: message }],
    }));
    return server;
  }),
);

createServer((req, res) => void serve(req, res)).listen(Number(process.env['PORT']), '127.0.0.1');
