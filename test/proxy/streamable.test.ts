import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait.js';
import { echo, httpAgent, sseAgent } from './support/agents.js';
import { route, startProxy, type TestProxy } from './support/proxies.js';
import { startMcpProxy, startEverything, type RunningServer } from './support/servers.js';

describe('agents over Streamable HTTP', () => {
  let stable: RunningServer;
  let canary: RunningServer;
  let proxy: TestProxy;

  beforeAll(async () => {
    [stable, canary] = await Promise.all([
      startEverything('streamableHttp'),
      startEverything('streamableHttp'),
    ]);
    proxy = await startProxy({ stable: stable.port, canary: canary.port });
  });
  afterAll(async () => {
    await proxy.dispose();
    await Promise.all([stable.kill(), canary.kill()]);
  });

  it('calls tools through the proxy', async () => {
    const agent = await httpAgent(proxy.url);
    expect(await echo(agent, 'hello')).toBe('Echo: hello');
    await agent.close();
  });

  it('gives the canary exactly its share of new sessions, and moves them all when it is drained', async () => {
    await proxy.setRoute(route({ stable: stable.port, canary: canary.port }, { canary: 0.1 }));
    const before = await proxy.state();
    const agents = [];
    for (let i = 0; i < 20; i += 1) agents.push(await httpAgent(proxy.url));
    const after = await proxy.state();
    expect(after.tracks.canary.sessionsOpened - before.tracks.canary.sessionsOpened).toBe(2);
    expect(after.tracks.stable.sessionsOpened - before.tracks.stable.sessionsOpened).toBe(18);
    const emptied = await proxy.setRoute(
      route({ stable: stable.port, canary: canary.port }, { drainCanary: true }),
    );
    expect(emptied.tracks.canary.sessions).toBe(0);
    for (const agent of agents) expect(await echo(agent, 'still there')).toContain('still there');
    await Promise.all(agents.map((agent) => agent.close()));
    expect((await proxy.calls()).calls.every(({ outcome }) => outcome === 'ok')).toBe(true);
  });
});

describe('agents over legacy SSE', () => {
  it('keep their session when the server is killed and comes back', async () => {
    const stable = await startEverything('sse');
    const proxy = await startProxy({ stable: stable.port });
    const agent = await sseAgent(proxy.url);
    expect(await echo(agent, 'one')).toBe('Echo: one');
    await stable.kill();
    const again = await startEverything('sse', stable.port);
    await waitFor(async () => (await echo(agent, 'two')) === 'Echo: two', { what: 'an echo' });
    await agent.close();
    await proxy.dispose();
    await again.kill();
  });

  it('names its endpoint before a message that the server sends at once', async () => {
    const server = await startMcpProxy();
    const proxy = await startProxy({ stable: server.port });
    const agent = await sseAgent(proxy.url);
    expect(await echo(agent, 'hi')).toBe('Echo: hi');
    await agent.close();
    await proxy.dispose();
    await server.kill();
  });
});
