/** A server of the SDK's second generation whose streams can be resumed by event id. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node';
import { McpServer } from '@modelcontextprotocol/server';
import type { EventStore, JSONRPCMessage } from '@modelcontextprotocol/server';
import { freePort } from '../../support/ports.js';

/** Keeps all events: an id is its stream and its number. */
class Events implements EventStore {
  private readonly byStream = new Map<string, JSONRPCMessage[]>();

  storeEvent(streamId: string, message: JSONRPCMessage): Promise<string> {
    const events = this.byStream.get(streamId) ?? [];
    this.byStream.set(streamId, events);
    return Promise.resolve(`${streamId}#${events.push(message) - 1}`);
  }

  getStreamIdForEventId(eventId: string): Promise<string | undefined> {
    return Promise.resolve(eventId.split('#')[0]);
  }

  async replayEventsAfter(
    lastEventId: string,
    { send }: { send: (eventId: string, message: JSONRPCMessage) => Promise<void> },
  ): Promise<string> {
    const [streamId = '', number] = lastEventId.split('#');
    const events = this.byStream.get(streamId) ?? [];
    for (let i = Number(number) + 1; i < events.length; i += 1)
      await send(`${streamId}#${i}`, events[i]!);
    return streamId;
  }
}

export class ResumableServer {
  port = 0;
  /** How often `work` ran. */
  ran = 0;
  /** Lets `work` go on: to its second progress, then to its end. */
  step: () => void = () => undefined;
  private server: Server | null = null;
  private readonly transports = new Map<string, NodeStreamableHTTPServerTransport>();

  static async start(): Promise<ResumableServer> {
    const started = new ResumableServer();
    started.port = await freePort();
    const server = createServer((req, res) => void started.serve(req, res));
    started.server = server;
    await new Promise<void>((resolve) => server.listen(started.port, '127.0.0.1', resolve));
    return started;
  }

  /** Announces a change on the sessions' own streams. */
  async announce(): Promise<void> {
    const message = { jsonrpc: '2.0' as const, method: 'notifications/tools/list_changed' };
    for (const transport of this.transports.values()) await transport.send(message);
  }

  async kill(): Promise<void> {
    const closed = new Promise((resolve) => this.server?.close(resolve));
    this.server?.closeAllConnections();
    await closed;
  }

  private async serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const known = this.transports.get(String(req.headers['mcp-session-id']));
    await (known ?? (await this.open())).handleRequest(req, res);
  }

  private async open(): Promise<NodeStreamableHTTPServerTransport> {
    const transport: NodeStreamableHTTPServerTransport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      eventStore: new Events(),
      onsessioninitialized: (id) => void this.transports.set(id, transport),
    });
    const mcp = new McpServer({ name: 'resumable', version: '1' });
    mcp.registerTool('work', {}, async ({ mcpReq }) => {
      this.ran += 1;
      const progressToken = mcpReq._meta?.progressToken ?? 0;
      for (const progress of [1, 2]) {
        await mcpReq.notify({
          method: 'notifications/progress',
          params: { progressToken, progress },
        });
        await new Promise<void>((resolve) => (this.step = resolve));
      }
      return { content: [{ type: 'text', text: 'done' }] };
    });
    await mcp.connect(transport);
    return transport;
  }
}
