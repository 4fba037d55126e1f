import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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
});
