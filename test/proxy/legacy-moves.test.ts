import { once } from 'node:events';
import { CreateMessageRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait.js';
import { echo, sseAgent } from './support/agents.js';
import { startProxy, type TestProxy } from './support/proxies.js';
import { SseServer } from './support/sse-server.js';

describe('a legacy SSE session that its instance has forgotten', () => {
  let proxy: TestProxy;
  let server: SseServer;

  beforeEach(async () => {
    server = await SseServer.start();
    proxy = await startProxy({ stable: server.port });
  });
  afterEach(async () => {
    await proxy.dispose();
    await server.kill();
  });

  it.each([
    [404, 'Could not find session'],
    [400, 'No transport found for sessionId'],
  ])('is set up anew when a message is answered with %i', async (status, text) => {
    server.unknown = { status, text };
    const agent = await sseAgent(proxy.url);
    expect(await echo(agent, '')).toBe('by 0');
    server.forgetSessions();
    expect(await echo(agent, '')).toBe('by 1');
    expect(server.methods(1)).toEqual(['initialize', 'notifications/initialized', 'tools/call']);
    expect(server.executed.get('echo')).toBe(2);
    await agent.close();
  });

  it('is told what its instance says of a batch that cannot be taken apart', async () => {
    const stream = await fetch(`${proxy.url}/sse`);
    const reader = stream.body!.getReader();
    const { value } = (await reader.read()) as { value: Uint8Array };
    const begun = new TextDecoder().decode(value);
    const endpoint = /^data: (.*)$/m.exec(begun)?.[1] ?? '';
    const call = (id: number): object => ({ jsonrpc: '2.0', id, method: 'ping' });
    const body = JSON.stringify([null, call(1), call(2)]);
    const posted = await fetch(proxy.url + endpoint, { method: 'POST', body });
    expect(posted.status).toBe(202);
    expect(server.received[0]).toEqual([[null, call(1), call(2)]]);
    await reader.cancel();
  });

  it('has what the lost instance asked of its client cancelled', async () => {
    const agent = await sseAgent(proxy.url, '/sse', { sampling: {} });
    const seen = { asked: 0, cancelled: 0 };
    agent.client.setRequestHandler(CreateMessageRequestSchema, async (_, { signal }) => {
      seen.asked += 1;
      await once(signal, 'abort');
      seen.cancelled += 1;
      return { model: 'none', role: 'assistant', content: { type: 'text', text: '' } };
    });
    server.say(0, {
      id: 3,
      method: 'sampling/createMessage',
      params: { messages: [], maxTokens: 1 },
    });
    await waitFor(() => seen.asked === 1, { what: 'the client to be asked' });
    await server.kill();
    await waitFor(() => seen.cancelled === 1, { what: 'it to be cancelled' });
    await server.listen();
    expect(await echo(agent, '')).toBe('by 1');
    await agent.close();
  });
});
