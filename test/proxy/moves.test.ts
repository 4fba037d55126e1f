import { describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait.js';
import { LabServer } from './support/lab-server.js';
import { route, startProxy } from './support/proxies.js';
import { sampleOf } from './support/scrape.js';
import { twoServers } from './support/stages.js';
import { WireClient } from './support/wire-client.js';

describe('a session whose instance is lost', () => {
  const lab = twoServers({ drain: { callsMs: 1_500, sessionsMs: 3_000 } });

  it.each([404, 400] as const)(
    'is set up anew when the instance answers %i for its id',
    async (unknownStatus) => {
      const server = await LabServer.start({ unknownStatus });
      await lab.proxy.setRoute(route({ stable: server.port }));
      const client = await WireClient.open(lab.proxy.url);
      server.forgetSessions();
      server.received.length = 0;
      const { status, messages } = await client.call('write');
      expect({ status, result: messages[0]?.result }).toMatchObject({ status: 200, result: {} });
      expect(server.methods()).toEqual([
        'tools/call',
        'initialize',
        'notifications/initialized',
        'tools/call',
      ]);
      const again = server.received[1]?.message?.params;
      expect(again).toMatchObject({ clientInfo: { name: 'wire' }, protocolVersion: '2025-11-25' });
      expect(server.executed.get('write')).toBe(1);
      await server.kill();
    },
  );

  it('is one when its `initialize` is answered a second time, by another instance', async () => {
    const canary = await LabServer.start({ stallsAtInitialize: true });
    await lab.proxy.setRoute(
      route({ stable: lab.stable.port, canary: canary.port }, { canary: 1 }),
    );
    const opening = WireClient.open(lab.proxy.url);
    const sessionsOf = async () => {
      const { stable, canary: other } = (await lab.proxy.state()).tracks;
      return [stable.sessions, other.sessions];
    };
    await waitFor(async () => (await sessionsOf())[1] === 1, { what: 'the head of its answer' });
    await lab.proxy.setRoute(
      route({ stable: lab.stable.port, canary: canary.port }, { canary: 0.5 }),
    );
    await canary.kill();
    const client = await opening;
    expect(await sessionsOf()).toEqual([1, 0]);
    expect((await client.call('read')).messages[0]?.result).toMatchObject({
      content: [{ text: 'stable' }],
    });
  });

  it('is an error of an instance that does not know it again and again', async () => {
    const server = await LabServer.start({ isForgetful: true });
    await lab.proxy.setRoute(route({ stable: server.port }));
    const client = await WireClient.open(lab.proxy.url);
    const { messages } = await client.call('write');
    expect(messages[0]).toMatchObject({ id: 2, error: { code: -32_051 } });
    const { calls } = await lab.proxy.calls();
    expect(calls.filter(({ tool }) => tool === 'write')).toMatchObject([{ outcome: 'http_error' }]);
    await server.kill();
  });

  it.each([
    ['before any answer', {}],
    ['on an open event stream', { sse: true, early: true }],
  ])('repeats a read-only call that was cut %s', async (_, behaviour) => {
    const client = await lab.onCanary();
    lab.canary.hangs = true;
    const call = client.call('read', behaviour);
    await waitFor(() => lab.canary.executed.get('read'), { what: 'the call to run' });
    await lab.canary.kill();
    const { messages } = await Promise.race([call, timeUp(8_000)]);
    expect(messages.at(-1)?.result).toMatchObject({ content: [{ text: 'stable' }] });
    const outcomes = (await lab.proxy.calls()).calls.map(
      ({ track, outcome }) => `${track} ${outcome}`,
    );
    expect(outcomes).toContain('canary cut');
    expect(outcomes).toContain('stable ok');
  });

  it.each([
    ['before any answer', {}],
    ['on an open event stream', { sse: true, early: true }],
  ])('answers other calls that were cut %s with an error, soon', async (_, behaviour) => {
    const client = await lab.onCanary();
    const call = client.call('write', { outcome: 'never', ...behaviour });
    await waitFor(() => lab.canary.executed.get('write'), { what: 'the call to run' });
    await lab.canary.kill();
    const { status, messages } = await Promise.race([call, timeUp(8_000)]);
    expect(status).toBe(200);
    expect(messages.at(-1)).toMatchObject({ id: 2, error: { code: -32_050 } });
    expect(lab.stable.executed.get('write')).toBeUndefined();
    expect((await client.call('write')).messages[0]?.result).toMatchObject({
      content: [{ text: 'stable' }],
    });
  });

  it('fails over at once when nothing listens, and says so in the call log', async () => {
    const client = await lab.onCanary();
    await lab.canary.kill();
    const { messages } = await client.call('write');
    expect(messages[0]?.result).toMatchObject({ content: [{ text: 'stable' }] });
    const calls = (await lab.proxy.calls()).calls.filter(({ tool }) => tool === 'write');
    expect(calls.map(({ track, outcome }) => [track, outcome])).toEqual([
      ['canary', 'connect_error'],
      ['stable', 'ok'],
    ]);
  });

  it('waits for a stable instance that is restarting', async () => {
    await lab.proxy.setRoute(route({ stable: lab.stable.port }));
    const client = await WireClient.open(lab.proxy.url);
    await lab.stable.kill();
    const call = client.call('write');
    await waitFor(
      async () => (await lab.proxy.calls()).calls.some((c) => c.outcome === 'connect_error'),
      {
        what: 'the first try to fail',
      },
    );
    await lab.stable.listen();
    expect((await call).messages[0]?.result).toBeDefined();
    expect(lab.stable.executed.get('write')).toBe(1);
  });

  it('does not besiege two instances that both refuse it', async () => {
    await lab.proxy.dispose();
    lab.proxy = await startProxy(lab.ports, { patienceMs: 2_500 });
    const client = await lab.onCanary();
    for (const server of [lab.stable, lab.canary]) {
      server.forgetSessions();
      server.received.length = 0;
      server.refuses = ({ message }) => (message?.method === 'initialize' ? { status: 503 } : null);
    }
    expect((await client.call('write')).messages[0]).toMatchObject({ error: { code: -32_051 } });
    const asked = [...lab.stable.methods(), ...lab.canary.methods()];
    expect(asked.filter((method) => method === 'initialize').length).toBeLessThan(20);
  });

  it('does not go on waiting for a canary that says nothing when it is taken back', async () => {
    await lab.proxy.setRoute(route({ stable: lab.stable.port }));
    const client = await WireClient.open(lab.proxy.url);
    lab.canary.refuses = () => 'silence';
    await lab.route({ canary: 1, drainStable: true });
    const call = client.call('write');
    await waitFor(() => lab.canary.received.length > 0, { what: 'the canary to be asked' });
    await lab.proxy.setRoute(route({ stable: lab.stable.port }));
    expect((await Promise.race([call, timeUp(2_000)])).text).toContain('stable');
  });

  it('has time left for stable when a canary says nothing', async () => {
    await lab.proxy.dispose();
    lab.proxy = await startProxy(lab.ports, { patienceMs: 2_000 });
    const client = await lab.onCanary();
    lab.canary.forgetSessions();
    lab.canary.refuses = ({ message }) => (message?.method === 'initialize' ? 'silence' : null);
    expect((await client.call('write')).text).toContain('stable');
  });

  it('keeps its GET stream open, and hears the new instance on it', async () => {
    const client = await lab.onCanary();
    const stream = await client.stream();
    lab.canary.broadcast({ method: 'notifications/message', params: { from: 'canary' } });
    await waitFor(() => stream.messages.length === 1, { what: 'a message' });
    await lab.canary.kill();
    await waitFor(() => lab.stable.streams.size === 1, {
      what: 'the stream to be attached again',
    });
    lab.stable.broadcast({ method: 'notifications/message', params: { from: 'stable' } });
    await waitFor(() => stream.messages.length === 2, { what: 'a message of the other instance' });
    expect(stream.isOpen).toBe(true);
    stream.close();
  });

  it('hears the next instance on its GET stream when the one between offers none', async () => {
    await lab.route({ canary: 0 });
    const client = await WireClient.open(lab.proxy.url);
    const stream = await client.stream();
    lab.canary.streamRefusal = 405;
    await lab.route({ canary: 1, drainStable: true });
    await waitFor(() => lab.canary.methods().includes('GET'), { what: 'the canary to be asked' });
    await lab.route({ drainCanary: true });
    await waitFor(
      () => {
        lab.stable.broadcast({ method: 'notifications/message', params: { from: 'stable' } });
        return stream.messages.length > 0;
      },
      { what: 'a message of stable' },
    );
    stream.close();
  });

  it('has its GET stream again when the instance gave none for a moment only', async () => {
    const client = await lab.onCanary();
    const stream = await client.stream();
    lab.stable.streamRefusal = 503;
    await lab.canary.kill();
    await waitFor(() => lab.stable.methods().includes('GET'), { what: 'stable to be asked' });
    lab.stable.streamRefusal = null;
    await waitFor(() => lab.stable.streams.size === 1, { what: 'a stream of stable' });
    stream.close();
  });

  it('has its log level and subscriptions restored', async () => {
    const client = await lab.onCanary();
    await client.request('logging/setLevel', { level: 'warning' });
    await client.request('resources/subscribe', { uri: 'a://1' });
    await client.request('resources/subscribe', { uri: 'a://2' });
    await client.request('resources/unsubscribe', { uri: 'a://1' });
    await lab.route({ drainCanary: true });
    await client.call('read');
    const restored = lab.stable.received
      .map(({ message }) => message)
      .filter((m) => m?.id !== undefined);
    expect(restored.map((message) => message?.params)).toMatchObject([
      { clientInfo: {} },
      { level: 'warning' },
      { uri: 'a://2' },
      { name: 'read' },
    ]);
  });

  describe('when its track is drained', () => {
    it('finishes calls in flight where they are, and then ends the old session', async () => {
      const client = await lab.onCanary();
      const call = client.call('write', { ms: 700 });
      await waitFor(() => lab.canary.executed.get('write'), { what: 'the call to run' });
      const state = await lab.route({ drainCanary: true });
      expect(state.tracks.canary).toMatchObject({ sessions: 0, inFlight: 1 });
      expect((await client.call('write')).text).toContain('stable');
      expect((await call).text).toContain('canary');
      await waitFor(() => lab.canary.sessions.size === 0, {
        what: 'the old session to be deleted',
      });
      expect((await lab.proxy.state()).tracks.canary.inFlight).toBe(0);
    });

    it('answers what is still in flight after the drain time', async () => {
      const client = await lab.onCanary();
      const call = client.call('write', { outcome: 'never' });
      await waitFor(() => lab.canary.executed.get('write'), { what: 'the call to run' });
      await lab.route({ drainCanary: true });
      const { messages } = await Promise.race([call, timeUp(8_000)]);
      expect(messages[0]).toMatchObject({ error: { code: -32_050 } });
      expect(lab.stable.executed.get('write')).toBeUndefined();
    });

    it('sends a cancellation to the instance that has the call', async () => {
      const client = await lab.onCanary();
      const call = client.call('write', { ms: 700 });
      await waitFor(() => lab.canary.executed.get('write'), { what: 'the call to run' });
      await lab.route({ drainCanary: true });
      await client.post({ method: 'notifications/cancelled', params: { requestId: 2 } });
      expect(lab.canary.methods()).toContain('notifications/cancelled');
      await call;
    });
  });

  it('tells apart the requests of its two instances, though they count alike', async () => {
    const client = await lab.onCanary();
    const stream = await client.stream();
    const asked = () => stream.messages.filter(({ method }) => method === 'sampling/createMessage');
    lab.canary.broadcast({ id: 7, method: 'sampling/createMessage', params: {} });
    await waitFor(() => asked().length === 1, { what: 'a request of the canary' });
    await lab.route({ drainCanary: true });
    await waitFor(() => lab.stable.streams.size === 1, {
      what: 'the stream to be attached again',
    });
    lab.stable.broadcast({ id: 7, method: 'sampling/createMessage', params: {} });
    await waitFor(() => asked().length === 2, { what: 'a request of stable' });
    const ids = asked().map(({ id }) => id ?? '');
    expect(new Set(ids).size).toBe(2);
    const answers = () =>
      lab.stable.received.filter(({ message }) => message?.result !== undefined);
    expect((await client.post({ id: ids[0]!, result: { for: 'canary' } })).status).toBe(202);
    expect(answers()).toEqual([]);
    expect((await client.post({ id: ids[1]!, result: { for: 'stable' } })).status).toBe(202);
    expect(answers()[0]?.message).toMatchObject({ id: 7, result: { for: 'stable' } });
    stream.close();
  });

  describe('with a stream to resume', () => {
    it('reaches the instance that has it', async () => {
      const client = await lab.onCanary();
      const { text } = await client.call('write', { sse: true, suspend: true });
      const lastId = /^id: (.*)$/m.exec(text)?.[1] ?? '';
      const stream = await client.stream(lastId);
      await waitFor(() => !stream.isOpen, { what: 'the resumed stream to end' });
      expect(stream.messages[0]).toMatchObject({ id: 2, result: {} });
      const write = (await lab.proxy.calls()).calls.filter(({ tool }) => tool === 'write');
      expect(write.map(({ outcome }) => outcome)).toEqual(['ok']);
    });

    it('is not given the time of a call anew', async () => {
      const callTimeoutMs = 1_000;
      const hasty = await startProxy(lab.ports, { callTimeoutMs });
      await hasty.setRoute(route(lab.ports, { canary: 1 }));
      const client = await WireClient.open(hasty.url);
      await client.request('tools/list');
      const suspendedAt = performance.now();
      const { text } = await client.call('read', { sse: true, suspend: true });
      await hasty.setRoute(route(lab.ports, { canary: 0.5 }));
      await lab.canary.kill();
      await waitFor(() => performance.now() - suspendedAt > callTimeoutMs, { what: 'its end' });
      const stream = await client.stream(/^id: (.*)$/m.exec(text)?.[1] ?? '');
      await waitFor(() => !stream.isOpen, { what: 'the resumed stream to end' });
      expect(stream.messages[0]).toMatchObject({ id: 3, error: { code: -32_050 } });
      const lost = { track: 'canary', code: '-32050' };
      expect(await sampleOf(hasty, 'canary_mcp_rpc_errors_total', lost)).toBe(1);
      expect(lab.stable.executed.get('read')).toBeUndefined();
      await hasty.dispose();
    });

    it('hears the new instance, when nothing waits on the stream any more', async () => {
      const client = await lab.onCanary();
      await client.call('read', { sse: true, early: true, ids: true });
      await lab.route({ drainCanary: true });
      const stream = await client.stream('early-2');
      await waitFor(() => lab.stable.streams.size === 1, {
        what: 'a stream of the new instance',
      });
      lab.stable.broadcast({ method: 'notifications/message', params: { from: 'stable' } });
      await waitFor(() => stream.messages.length === 1, { what: 'its message' });
      // SDKs' clients resume a call's stream even after an error: 405 ends that.
      expect((await client.stream('early-2')).status).toBe(405);
      stream.close();
    });

    it('is answered when its client dropped it and the session moved', async () => {
      const client = await lab.onCanary();
      const abort = new AbortController();
      const params = {
        name: 'write',
        arguments: { sse: true, early: true, ids: true, outcome: 'never' },
      };
      const dropped = await fetch(`${lab.proxy.url}/mcp`, {
        method: 'POST',
        headers: client.headers(),
        body: JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/call', params }),
        signal: abort.signal,
      });
      await dropped.body?.getReader().read();
      abort.abort();
      const isOver = async () => (await lab.proxy.state()).tracks.canary.inFlight === 0;
      await waitFor(isOver, { what: 'the call to be given up' });
      await lab.route({ drainCanary: true });
      const stream = await client.stream('early-2');
      await waitFor(() => !stream.isOpen, { what: 'the resumed stream to end' });
      expect(stream.messages[0]).toMatchObject({ id: 2, error: { code: -32_050 } });
      const write = (await lab.proxy.calls()).calls.filter(({ tool }) => tool === 'write');
      expect(write.map(({ outcome }) => outcome)).toEqual(['client_gone']);
    });

    it('is answered when that instance is gone', async () => {
      const client = await lab.onCanary();
      const { text } = await client.call('write', { sse: true, suspend: true });
      await lab.canary.kill();
      const stream = await client.stream(/^id: (.*)$/m.exec(text)?.[1] ?? '');
      await waitFor(() => !stream.isOpen, { what: 'the resumed stream to end' });
      expect(stream.messages[0]).toMatchObject({ id: 2, error: { code: -32_050 } });
    });
  });
});

function timeUp(ms: number): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms).unref();
  });
}
