import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { drainLimitMs } from '../../proxy/drain.js';
import { waitFor } from '../support/wait.js';
import { echo, httpAgent, sseAgent } from './support/agents.js';
import { LabServer } from './support/lab-server.js';
import { startProxy, type TestProxy } from './support/proxies.js';
import { startEverything } from './support/servers.js';
import { WireClient } from './support/wire-client.js';

describe('a proxy that is told to end', () => {
  let server: LabServer;
  let proxy: TestProxy;
  let client: WireClient;
  beforeEach(async () => {
    server = await LabServer.start();
    proxy = await startProxy({ stable: server.port });
    client = await WireClient.open(proxy.url);
  });
  afterEach(async () => {
    await proxy.dispose();
    await server.kill();
  });

  const underWay = (tool: string): Promise<boolean> =>
    waitFor(() => server.executed.get(tool) === 1, { what: 'the call to run' });

  it('lets calls under way finish, and asks their clients to leave', async () => {
    const call = client.call('slow', { ms: 400 });
    await underWay('slow');
    await proxy.stop(10_000);
    const answer = await call;
    expect(answer.messages[0]?.result).toBeDefined();
    expect(answer.headers.get('connection')).toBe('close');
  });

  it.each([{}, { sse: true, early: true }])(
    'answers what does not finish in time (%o)',
    async (how) => {
      const call = client.call('hung', { outcome: 'never', ...how });
      await underWay('hung');
      await proxy.stop(100);
      expect((await call).messages.at(-1)).toMatchObject({ id: 2, error: { code: -32050 } });
    },
  );

  it('answers a call that waits for an instance', async () => {
    await server.kill();
    const call = client.call('waiting');
    await waitFor(
      async () => (await proxy.calls()).calls.some(({ outcome }) => outcome === 'connect_error'),
      { what: 'the first try to fail' },
    );
    await proxy.stop(100);
    const { status, messages } = await call;
    expect(status).toBe(503);
    expect(messages).toMatchObject([{ id: 2, error: { code: -32051 } }]);
  });

  it('ends a stream with event ids, for its client to resume', async () => {
    const call = client.call('kept', { outcome: 'never', sse: true, early: true, ids: true });
    await underWay('kept');
    await proxy.stop(100);
    expect((await call).text).not.toContain('error');
  });

  it('ends streams without cutting them, and keeps their sessions', async () => {
    const stream = await client.stream();
    await waitFor(() => server.streams.size === 1, { what: 'the stream to reach the instance' });
    await proxy.stop(100);
    await waitFor(() => !stream.isOpen, { what: 'the stream to end' });
    expect([stream.status, stream.isCut]).toEqual([200, false]);
    await proxy.start();
    await waitFor(async () => (await client.call('after')).status === 200, {
      what: 'a call on a new connection to be answered',
    });
    expect((await client.stream()).status).toBe(200);
  });

  it('takes no new connections while calls finish', async () => {
    const call = client.call('slow', { ms: 600 });
    await underWay('slow');
    const stopped = proxy.stop(10_000);
    await waitFor(
      () =>
        fetch(proxy.url).then(
          () => false,
          () => true,
        ),
      { what: 'a connection to be refused' },
    );
    expect((await call).status).toBe(200);
    await stopped;
  });
});

describe.each([
  { kind: 'streamableHttp', open: httpAgent },
  { kind: 'sse', open: sseAgent },
] as const)('an agent over $kind', ({ kind, open }) => {
  it('goes on when the proxy was restarted, and hears what comes later', async () => {
    const server = await startEverything(kind);
    const proxy = await startProxy({ stable: server.port });
    const agent = await open(proxy.url);
    expect(await echo(agent, 'before')).toBe('Echo: before');
    await proxy.stop(1_000);
    await proxy.start();
    await waitFor(async () => (await proxy.state()).tracks.stable.streams === 1, {
      what: 'the agent to open its stream again',
    });
    expect(await echo(agent, 'after')).toBe('Echo: after');
    await agent.close();
    await proxy.dispose();
    await server.kill();
  });
});

describe('drainLimitMs', () => {
  it('is what is configured, and below what PM2 gives', () => {
    expect(drainLimitMs(4_000, {})).toBe(4_000);
    expect(drainLimitMs(4_000, { kill_timeout: '5000' })).toBe(4_000);
    expect(drainLimitMs(4_000, { kill_timeout: '1600' })).toBe(900);
    expect(drainLimitMs(4_000, { kill_timeout: '100' })).toBe(0);
    expect(drainLimitMs(4_000, { kill_timeout: 'x' })).toBe(4_000);
  });
});
