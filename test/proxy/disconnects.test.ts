import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait.js';
import { startProxy, type TestProxy } from './support/proxies.js';
import { startEverything, type RunningServer } from './support/servers.js';
import { oneServer } from './support/stages.js';
import { WireClient } from './support/wire-client.js';

describe('a client that goes away has its upstream closed at once', () => {
  const lab = oneServer();
  beforeEach(() => {
    lab.server.aborted = 0;
    lab.server.executed.clear();
  });

  const closed = () =>
    waitFor(() => lab.server.aborted === 1, {
      what: 'the upstream to be closed',
      timeoutMs: 10_000,
    });

  it.each([
    ['before the answer', {}],
    ['on an idle event stream', { sse: true }],
    ['on an active event stream', { sse: true, early: true }],
  ])('in a POST, %s', async (_, behaviour) => {
    // Later versions' clients come back for a stream (callers.test.ts).
    const client = await WireClient.open(lab.proxy.url, {}, '2025-06-18');
    const abort = new AbortController();
    const call = client.call('write', { ...behaviour, outcome: 'never' }, abort.signal);
    await waitFor(() => lab.server.executed.get('write'), { what: 'the call to run' });
    abort.abort();
    await expect(call).rejects.toThrow();
    await closed();
    await waitFor(async () => (await lab.proxy.calls()).calls.at(-1)?.outcome === 'client_gone', {
      what: 'the call to be accounted for',
    });
    expect((await lab.proxy.state()).tracks.stable.inFlight).toBe(0);
  });

  it('on a GET stream', async () => {
    const client = await WireClient.open(lab.proxy.url);
    const stream = await client.stream();
    await waitFor(async () => (await lab.proxy.state()).tracks.stable.streams === 1, {
      what: 'a stream',
    });
    stream.close();
    await closed();
    expect((await lab.proxy.state()).tracks.stable.streams).toBe(0);
  });

  it.each(['/hang', '/trickle'])('on a plain path (%s)', async (path) => {
    const abort = new AbortController();
    const seen = lab.server.received.length;
    const answer = fetch(`${lab.proxy.url}${path}`, { signal: abort.signal });
    answer.catch(() => undefined);
    await waitFor(() => lab.server.received.length > seen, { what: 'the request to arrive' });
    if (path === '/trickle') await answer;
    abort.abort();
    await closed();
  });
});

describe('a legacy client that goes away', () => {
  let server: RunningServer;
  let proxy: TestProxy;

  beforeAll(async () => {
    server = await startEverything('sse');
    proxy = await startProxy({ stable: server.port });
  });
  afterAll(async () => {
    await proxy.dispose();
    await server.kill();
  });

  it('has its upstream stream closed at once', async () => {
    const socket = connect(proxy.port, '127.0.0.1');
    socket.write('GET /sse HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\r\n');
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString()));
    await waitFor(() => text.includes('event: endpoint'), { what: 'the endpoint' });
    expect((await proxy.state()).tracks.stable.streams).toBe(1);
    socket.destroy();
    await waitFor(async () => (await proxy.state()).tracks.stable.streams === 0, {
      what: 'the upstream stream to be closed',
      timeoutMs: 10_000,
    });
  });
});
