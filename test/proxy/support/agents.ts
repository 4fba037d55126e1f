/** Agents: real MCP clients. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import type { ClientCapabilities } from '@modelcontextprotocol/sdk/types.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

export interface Agent {
  readonly client: Client;
  readonly sessionId: () => string | undefined;
  close(): Promise<void>;
}

export async function httpAgent(url: string, path = '/mcp'): Promise<Agent> {
  const transport = new StreamableHTTPClientTransport(new URL(path, url));
  const client = new Client({ name: 'agent', version: '1' });
  await client.connect(transport);
  return { client, sessionId: () => transport.sessionId, close: () => client.close() };
}

export async function sseAgent(
  url: string,
  path = '/sse',
  capabilities: ClientCapabilities = {},
): Promise<Agent> {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- legacy agents are what is tried
  const transport = new SSEClientTransport(new URL(path, url));
  const client = new Client({ name: 'agent', version: '1' }, { capabilities });
  await client.connect(transport);
  return { client, sessionId: () => undefined, close: () => client.close() };
}

/** Calls `echo`; gives the text. */
export async function echo({ client }: Agent, message: string): Promise<string> {
  const result = await client.callTool({ name: 'echo', arguments: { message } });
  const [first] = result.content as { text: string }[];
  return first?.text ?? '';
}
