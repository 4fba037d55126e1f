/** Instances that die at a moment that is easily forgotten. */
import { describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait.js';
import { httpAgent } from './support/agents.js';
import { startProxy } from './support/proxies.js';
import { twoServers } from './support/stages.js';
import { WireClient } from './support/wire-client.js';

describe('an instance that dies half-way', () => {
  const lab = twoServers();

  it.each(['canary', 'main'] as const)(
    'between initialize and initialized is told both once (%s)',
    async (which) => {
      const { stable, canary, proxy } = lab;
      const isCanary = which === 'canary';
      const [dying, next] = isCanary ? [canary, stable] : [stable, stable];
      const client = isCanary
        ? await lab.onCanary((url) => WireClient.greet(url))
        : await WireClient.greet(proxy.url);
      await dying.kill();
      dying.received.length = 0;
      const told = client.post({ method: 'notifications/initialized' });
      if (!isCanary) await dying.listen();
      expect((await told).status).toBe(202);
      expect((await client.call('write')).messages[0]?.result).toBeDefined();
      const accepted = next.received.filter(
        ({ session }) => session === null || next.sessions.has(session),
      );
      expect(accepted.map(({ message }) => message?.method)).toEqual([
        'initialize',
        'notifications/initialized',
        'tools/call',
      ]);
    },
  );

  it.each([
    ['a small', 40, 20],
    ['a large', 300_000, 200_000],
  ])('in the middle of %s answer on a stream leaves no half event', async (_, size, half) => {
    const { stable, canary } = lab;
    const client = await lab.onCanary();
    const calls = ['read', 'write'].map((tool) => client.call(tool, { sse: true, size, half }));
    await waitFor(() => canary.executed.size === 2, { what: 'the calls to run' });
    await canary.kill();
    stable.ignoresHalf = true;
    const [read, write] = await Promise.all(calls);
    expect(JSON.stringify(read?.messages.at(-1)?.result)).toContain('x'.repeat(size));
    expect(write?.messages).toMatchObject([{ id: 3, error: { code: -32_050 } }]);
  });

  it('in a call that is repeated tells progress twice, to the client that asked', async () => {
    const { canary, proxy } = lab;
    await lab.route({ canary: 1 });
    const agent = await httpAgent(proxy.url);
    await agent.client.listTools();
    const progress: number[] = [];
    const onprogress = (one: { progress: number }) => void progress.push(one.progress);
    canary.hangs = true;
    const call = { name: 'read', arguments: { sse: true, early: true } };
    const answer = agent.client.callTool(call, undefined, { onprogress });
    await waitFor(() => progress.length === 1, { what: 'progress' });
    await lab.route({ canary: 0.5 });
    await canary.kill();
    expect((await answer).content).toMatchObject([{ text: 'stable' }]);
    expect(progress).toEqual([1, 1]);
    await agent.close();
  });

  it('in the middle of an event leaves the session’s streams whole, both of them', async () => {
    const { stable, canary } = lab;
    const client = await lab.onCanary();
    const streams = [await client.stream(), await client.stream()];
    const large = 'x'.repeat(200_000);
    canary.write(`data: {"jsonrpc":"2.0","method":"notifications/message","params":{"a":"${large}`);
    await waitFor(() => streams.every(({ text }) => text.length > 100_000), { what: 'its begin' });
    await canary.kill();
    await waitFor(() => [...stable.streams.values()][0]?.size === 2, { what: 'both attached' });
    stable.broadcast({ method: 'notifications/message', params: { from: 'stable' } });
    for (const stream of streams) {
      await waitFor(() => stream.messages.length > 0, { what: 'a message of the other instance' });
      expect(stream.messages).toMatchObject([{ params: { from: 'stable' } }]);
      expect(stream.isOpen).toBe(true);
      stream.close();
    }
  });

  it('and answers no DELETE keeps no client waiting', async () => {
    const { stable, ports } = lab;
    const hasty = await startProxy(ports, { callTimeoutMs: 1_000 });
    const client = await WireClient.open(hasty.url);
    stable.hangs = true;
    expect((await client.delete()).status).toBe(200);
    expect((await client.call('read')).status).toBe(404);
    await hasty.dispose();
  });

  it('while it ends a session has ended it', async () => {
    const { stable, canary, proxy } = lab;
    const client = await lab.onCanary();
    canary.hangs = true;
    const ended = client.delete();
    await waitFor(() => canary.methods().includes('DELETE'), { what: 'the DELETE' });
    await canary.kill();
    expect((await ended).status).toBe(200);
    expect((await client.call('read')).status).toBe(404);
    expect((await proxy.state()).tracks.canary.sessions).toBe(0);
    expect(stable.received).toEqual([]);
  });
});
