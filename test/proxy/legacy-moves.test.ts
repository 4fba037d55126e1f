import { once } from 'node:events';
import { CreateMessageRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait.js';
import { echo, sseAgent } from './support/agents.js';
import { startProxy, type TestProxy } from './support/proxies.js';
import { SseServer } from './support/sse-server.js';

/** A client's stream, as it comes. */
async function openStream(url: string) {
  const { body } = await fetch(`${url}/sse`);
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  /** Reads on until that has come; gives all that has. */
  const until = async (wanted: string): Promise<string> => {
    while (!text.includes(wanted)) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`the stream ended with ${text}`);
      text += value;
    }
    return text;
  };
  await until('data: ');
  await until('\n\n');
  const endpoint = url + (/^data: (.*)$/m.exec(text)?.[1] ?? '');
  return { endpoint, until, close: () => reader.cancel() };
}

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

  it('is told that its token has expired, and goes on with a new one', async () => {
    const stream = await openStream(proxy.url);
    const post = async (message: object, token: string): Promise<number> => {
      const headers = { authorization: `Bearer ${token}` };
      const body = JSON.stringify({ jsonrpc: '2.0', ...message });
      return (await fetch(stream.endpoint, { method: 'POST', headers, body })).status;
    };
    const params = { protocolVersion: '2024-11-05', capabilities: {} };
    expect(await post({ id: 0, method: 'initialize', params }, 'old')).toBe(202);
    await stream.until('"id":0');
    server.token = 'new';
    server.forgetSessions();
    const call = { method: 'tools/call', params: { name: 'write', arguments: {} } };
    expect(await post({ ...call, id: 1 }, 'old')).toBe(401);
    expect(server.runs).toBe(0);
    expect(await post({ ...call, id: 2 }, 'new')).toBe(202);
    expect(await stream.until('"id":2')).toContain('by 1');
    await stream.close();
  });

  it('is told what its instance says of a batch that cannot be taken apart', async () => {
    const { endpoint, close } = await openStream(proxy.url);
    const call = (id: number): object => ({ jsonrpc: '2.0', id, method: 'ping' });
    const body = JSON.stringify([null, call(1), call(2)]);
    const posted = await fetch(endpoint, { method: 'POST', body });
    expect(posted.status).toBe(202);
    expect(server.received[0]).toEqual([[null, call(1), call(2)]]);
    await close();
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
