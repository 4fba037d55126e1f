import { afterEach, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait.js';
import { sseAgent } from './support/agents.js';
import { LabServer } from './support/lab-server.js';
import { route, startProxy, type TestProxy } from './support/proxies.js';
import { sampleOf } from './support/scrape.js';
import { startEverything } from './support/servers.js';
import { twoServers } from './support/stages.js';
import { WireClient } from './support/wire-client.js';

const PATIENCE_MS = 700;
const MOST_OF_PATIENCE_MS = 500;

describe('when main is lost and there is nobody else', () => {
  const stop: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const one of stop.splice(0).reverse()) await one();
  });

  async function started(
    overrides: Parameters<typeof startProxy>[1],
  ): Promise<{ main: LabServer; proxy: TestProxy }> {
    const main = await LabServer.start();
    const proxy = await startProxy({ stable: main.port }, overrides);
    stop.push(
      () => main.kill(),
      () => proxy.dispose(),
    );
    return { main, proxy };
  }

  it('a call waits for it for a time, and is then answered', async () => {
    const { main, proxy } = await started({ patienceMs: 300 });
    const client = await WireClient.open(proxy.url);
    await main.kill();
    const { messages } = await client.call('write');
    expect(messages[0]).toMatchObject({ id: 2, error: { code: -32_051 } });
    const lost = 'canary_sessions_lost_total{service="svc",reason="unreachable"} 1';
    const { host, port } = proxy.config.proxy.metrics;
    await waitFor(
      async () => (await (await fetch(`http://${host}:${port}/metrics`)).text()).includes(lost),
      { what: 'the loss to be counted' },
    );
    const unreached = { track: 'stable', code: '-32051' };
    expect(await sampleOf(proxy, 'canary_mcp_rpc_errors_total', unreached)).toBe(1);
    await main.listen();
    expect((await client.call('write')).messages[0]?.result).toBeDefined();
  });

  it('its time is one for all its tries, however often main comes back and dies', async () => {
    const { main, proxy } = await started({ patienceMs: PATIENCE_MS });
    const client = await WireClient.open(proxy.url);
    main.hangs = true;
    const progress = { isOver: false };
    const call = client.call('read').finally(() => (progress.isOver = true));
    for (let deaths = 1; !progress.isOver; deaths += 1) {
      await waitFor(() => progress.isOver || main.executed.get('read') === deaths, {
        what: 'the call',
      });
      await main.kill();
      const spentAt = performance.now() + MOST_OF_PATIENCE_MS;
      await waitFor(() => progress.isOver || performance.now() > spentAt, {
        what: 'most of its time to be spent',
      });
      await main.listen();
    }
    const { messages } = await call;
    expect(messages.at(-1)).toMatchObject({ id: 2, error: { code: -32_050 } });
    expect(main.executed.get('read')).toBeLessThan(4);
  });

  it('each call has its own time, also when an earlier one already waits for the session', async () => {
    const { main, proxy } = await started({ patienceMs: 1_000 });
    const client = await WireClient.open(proxy.url);
    await main.kill();
    const first = client.call('write');
    const lateAt = performance.now() + 600;
    await waitFor(() => performance.now() > lateAt, { what: 'the first to have waited a while' });
    const second = client.call('write');
    expect((await first).messages[0]).toMatchObject({ error: { code: -32_051 } });
    await main.listen();
    expect((await second).messages[0]?.result).toBeDefined();
  });

  it('no more calls wait than may, and the time of all has an end', async () => {
    const { main, proxy } = await started({ maxWaiting: 1, callTimeoutMs: 1_000 });
    const clients = [await WireClient.open(proxy.url), await WireClient.open(proxy.url)];
    await main.kill();
    const calls = clients.map((client) => client.call('write'));
    const first = await Promise.race(calls);
    expect(first.messages[0]).toMatchObject({ id: 2, error: { code: -32_051 } });
    const codes = (await Promise.all(calls)).map(({ messages }) => messages[0]?.error?.code);
    expect(codes.sort()).toEqual([-32_001, -32_051]);
  });

  it('a read-only call that was cut waits for it, though no client ever listed the tools', async () => {
    const { main, proxy } = await started({});
    const client = await WireClient.open(proxy.url);
    await client.call('read');
    await waitFor(() => main.methods().includes('tools/list'), { what: 'the proxy to ask' });
    main.hangs = true;
    const call = client.call('read');
    await waitFor(() => main.executed.get('read') === 2, { what: 'the call' });
    await main.kill();
    // An answer that may not be sent again is not kept waiting for so long.
    const backAt = performance.now() + 2_000;
    await waitFor(() => performance.now() > backAt, { what: 'the loss to be answered, if it was' });
    main.hangs = false;
    await main.listen();
    expect((await call).messages.at(-1)?.result).toBeDefined();
  });

  it('a legacy call whose tool nobody knows is answered without waiting for it', async () => {
    const main = await startEverything('sse');
    const proxy = await startProxy({ stable: main.port }, { patienceMs: 60_000 });
    stop.push(
      () => main.kill(),
      () => proxy.dispose(),
    );
    const agent = await sseAgent(proxy.url);
    const name = 'trigger-long-running-operation';
    const call = agent.client.callTool({ name, arguments: { duration: 60, steps: 1 } }, undefined, {
      timeout: 30_000,
    });
    call.catch(() => undefined);
    await waitFor(async () => (await proxy.state()).tracks.stable.inFlight === 1, {
      what: 'the call',
    });
    await main.kill();
    await expect(call).rejects.toThrow('-32050');
    const lost = { track: 'stable', code: '-32050' };
    expect(await sampleOf(proxy, 'canary_mcp_rpc_errors_total', lost)).toBe(1);
    await agent.close();
  });
});

describe('who waits for a canary that is gone while stable is emptied', () => {
  const lab = twoServers({
    patienceMs: 20_000,
    overrides: { header: 'x-canary', always: [], never: [] },
  });
  const always = { 'x-canary': 'always' };

  it.each<[string, (url: string) => Promise<unknown>]>([
    ['a new session', (url) => WireClient.open(url)],
    ['a new session that asks for it', (url) => WireClient.open(url, always)],
    ['a call without one', (url) => new WireClient(`${url}/mcp`).call('read')],
    ['such a call that asks for it', (url) => new WireClient(`${url}/mcp`, always).call('read')],
  ])('is served by stable as soon as there is no canary: %s', async (_, ask) => {
    await lab.route({ canary: 1, drainStable: true });
    await lab.canary.kill();
    const asked = ask(lab.proxy.url);
    const spentAt = performance.now() + MOST_OF_PATIENCE_MS;
    await waitFor(() => performance.now() > spentAt, { what: 'it to have waited a while' });
    expect(lab.stable.received).toHaveLength(0);
    await lab.proxy.setRoute(route({ stable: lab.stable.port }));
    await asked;
    expect(lab.stable.received[0]?.message?.method).toMatch(/^(initialize|tools\/call)$/);
  });
});
