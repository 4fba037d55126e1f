/** An instance that is frozen: its kernel still takes connections, and nobody answers on them. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/ports.js';
import { waitFor } from '../support/wait.js';
import { httpAgent, sseAgent, type Agent } from './support/agents.js';
import { route, startProxy, type TestProxy } from './support/proxies.js';
import { startServer, type RunningServer } from './support/servers.js';
import { WireClient } from './support/wire-client.js';

const FIXTURE = fileURLToPath(new URL('../../dist/bench/proxy/fixture-server.js', import.meta.url));
const LONG_MS = 60_000;
const BOUND_MS = 8_000;

async function startFixture(): Promise<RunningServer> {
  const port = await freePort();
  return startServer([FIXTURE], { PORT: String(port) }, port);
}

describe('an instance that is frozen and then killed', () => {
  let stable: RunningServer;
  let canary: RunningServer;
  let proxy: TestProxy;
  let ports: { stable: number; canary: number };

  beforeAll(async () => {
    [stable, canary] = await Promise.all([startFixture(), startFixture()]);
    ports = { stable: stable.port, canary: canary.port };
    proxy = await startProxy(ports, { callTimeoutMs: 30_000 });
  });
  afterAll(async () => {
    await proxy.dispose();
    await Promise.all([stable.kill(), canary.kill()]);
  });

  /** What a tool says, or the error's message. */
  async function call({ client }: Agent, name: string, ms: number): Promise<string> {
    const given = { name, arguments: { key: name, ms } };
    const answer = client.callTool(given, undefined, { timeout: LONG_MS });
    return answer.then(
      ({ content }) => (content as { text: string }[])[0]?.text ?? '',
      (error: unknown) => (error as Error).message,
    );
  }

  it('has all its calls answered soon after the kill, and its session ended at once', async () => {
    await proxy.setRoute(route(ports, { canary: 1 }));
    const agents = [await httpAgent(proxy.url), await sseAgent(proxy.url)];
    const leaving = await WireClient.open(proxy.url);
    const stream = await leaving.stream();
    for (const { client } of agents) await client.listTools();
    await proxy.setRoute(route(ports, { canary: 0.5 }));
    const before = agents.flatMap((agent) => [call(agent, 'append', LONG_MS)]);
    await waitFor(async () => (await proxy.state()).tracks.canary.inFlight === agents.length, {
      what: 'the calls to be under way',
    });
    process.kill(canary.pid, 'SIGSTOP');
    const after = agents.flatMap((agent) => [call(agent, 'lookup', 0), call(agent, 'append', 0)]);
    const deleted = leaving.delete();
    await waitFor(async () => (await proxy.state()).tracks.canary.inFlight >= 6, {
      what: 'what is sent to a frozen instance',
    });
    const killedAt = performance.now();
    await canary.kill();
    const lost = await Promise.all(before);
    expect((await deleted).status).toBe(200);
    expect(performance.now() - killedAt).toBeLessThan(BOUND_MS);
    const told = await Promise.all(after);
    for (const text of lost) expect(text).toContain('the server was lost');
    for (const [i, text] of told.entries()) {
      if (i % 2 === 0) expect(text).toBe('lookup');
      else expect(text).toContain('the server was lost');
    }
    for (const agent of agents) expect(await call(agent, 'append', 0)).toBe('append');
    stream.close();
    await Promise.all(agents.map((agent) => agent.close()));
  });
});
