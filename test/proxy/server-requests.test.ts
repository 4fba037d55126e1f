/** What instances ask of clients, and what clients answer, while their session moves. */
import { describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait.js';
import type { LabServer, RpcMessage } from './support/lab-server.js';
import { twoServers } from './support/stages.js';
import type { WireStream } from './support/wire-client.js';

describe('what an instance asks of a client', () => {
  const lab = twoServers();

  const answersTo = (server: LabServer): (RpcMessage | null)[] =>
    server.received.map(({ message }) => message).filter((one) => one?.result !== undefined);
  const asked = async (stream: WireStream, at: number): Promise<RpcMessage> => {
    await waitFor(() => stream.messages.length > at, { what: `message ${at}` });
    return stream.messages[at] ?? {};
  };

  it('in a call, is cancelled when that instance dies, and asked by the next one', async () => {
    const { stable, canary } = lab;
    const client = await lab.onCanary();
    await client.request('tools/list');
    const stream = await client.callStream('read', { sse: true, asks: true });
    expect(await asked(stream, 0)).toMatchObject({ id: 7, method: 'sampling/createMessage' });
    await canary.kill();
    expect(await asked(stream, 1)).toMatchObject({
      method: 'notifications/cancelled',
      params: { requestId: 7 },
    });
    const { id, method } = await asked(stream, 2);
    expect(method).toBe('sampling/createMessage');
    expect((await client.post({ id: 7, result: { for: 'canary' } })).status).toBe(202);
    expect(answersTo(stable)).toEqual([]);
    expect((await client.post({ id: id!, result: { for: 'stable' } })).status).toBe(202);
    expect(await asked(stream, 3)).toMatchObject({ result: { content: [{ text: 'stable' }] } });
    expect(answersTo(stable)).toMatchObject([{ id: 7, result: { for: 'stable' } }]);
  });

  it('in a call that cannot be repeated, is cancelled, and the call answered', async () => {
    const { canary } = lab;
    const client = await lab.onCanary();
    const stream = await client.callStream('write', { sse: true, asks: true });
    await asked(stream, 0);
    await canary.kill();
    await waitFor(() => !stream.isOpen, { what: 'the call to be answered', timeoutMs: 8_000 });
    expect(stream.messages.slice(1)).toMatchObject([
      { method: 'notifications/cancelled', params: { requestId: 7 } },
      { error: { code: -32_050 } },
    ]);
  });

  it('on the session’s own stream, is cancelled there; what was answered is not', async () => {
    const { stable, canary } = lab;
    const client = await lab.onCanary();
    const stream = await client.stream();
    canary.broadcast({ id: 1, method: 'roots/list' });
    canary.broadcast({ id: 'two', method: 'elicitation/create', params: {} });
    await asked(stream, 1);
    await client.post({ id: 1, result: { roots: [] } });
    await canary.kill();
    expect(await asked(stream, 2)).toMatchObject({
      method: 'notifications/cancelled',
      params: { requestId: 'two' },
    });
    stable.broadcast({ id: 1, method: 'roots/list' });
    const { id } = await asked(stream, 3);
    await client.post({ id: id!, result: { roots: [] } });
    expect(answersTo(stable)).toMatchObject([{ id: 1 }]);
    stream.close();
  });

  it('goes on while its call may finish on a track that is emptied', async () => {
    const { stable } = lab;
    const client = await lab.onCanary();
    const stream = await client.callStream('write', { sse: true, asks: true });
    await asked(stream, 0);
    await lab.route({ drainCanary: true });
    expect((await client.call('read')).text).toContain('stable');
    await client.post({ id: 7, result: {} });
    expect(await asked(stream, 1)).toMatchObject({ result: { content: [{ text: 'canary' }] } });
    expect(answersTo(stable)).toEqual([]);
  });

  it('is answered there after a restart of the proxy', async () => {
    const { canary, proxy } = lab;
    const client = await lab.onCanary();
    const stream = await client.callStream('write', { sse: true, asks: true });
    await asked(stream, 0);
    await proxy.stop();
    await proxy.start();
    const isTold = async () =>
      (await client.post({ id: 7, result: { late: true } })).status === 202;
    await waitFor(isTold, { what: 'a connection to the new process' });
    expect(answersTo(canary)).toMatchObject([{ id: 7, result: { late: true } }]);
  });

  it('is not answered in its place by what was meant for one that died', async () => {
    const { stable, canary } = lab;
    const client = await lab.onCanary();
    const stream = await client.stream();
    canary.broadcast({ id: 7, method: 'roots/list' });
    await asked(stream, 0);
    stream.close();
    await canary.kill();
    expect((await client.post({ id: 7, result: { for: 'canary' } })).status).toBe(202);
    await client.call('read');
    expect(answersTo(stable)).toEqual([]);
  });

  it('a batch with answers in it reaches each instance with what is meant for it', async () => {
    const { stable } = lab;
    const client = await lab.onCanary();
    const stream = await client.callStream('write', { sse: true, asks: true });
    await asked(stream, 0);
    await lab.route({ drainCanary: true });
    const own = await client.stream();
    await waitFor(() => stable.streams.size === 1, { what: 'a stream of stable' });
    stable.broadcast({ id: 7, method: 'roots/list' });
    const { id } = await asked(own, 0);
    const { messages } = await client.post([
      { id: 7, result: { for: 'canary' } },
      { id: 'a', method: 'tools/call', params: { name: 'read' } },
      { method: 'notifications/roots/list_changed' },
      { id: id!, result: { for: 'stable' } },
    ]);
    expect(messages).toMatchObject([{ id: 'a', result: { content: [{ text: 'stable' }] } }]);
    expect(await asked(stream, 1)).toMatchObject({ result: { content: [{ text: 'canary' }] } });
    await waitFor(() => answersTo(stable).length > 0, { what: 'the answer' });
    expect(answersTo(stable)).toMatchObject([{ id: 7, result: { for: 'stable' } }]);
    expect(stable.methods()).toContain('notifications/roots/list_changed');
    own.close();
  });

  it('a batch that is lost is repeated without its answers, or answered call by call', async () => {
    const { stable, canary } = lab;
    const client = await lab.onCanary();
    canary.hangs = true;
    const mixed = (name: string) => [
      { id: `${name}-1`, method: 'tools/call', params: { name } },
      { id: `${name}-2`, method: 'ping' },
      { id: 7, result: {} },
    ];
    await client.request('tools/list');
    const posts = [client.post(mixed('read')), client.post(mixed('write'))];
    await waitFor(() => canary.executed.size === 2, { what: 'the batches to run' });
    await canary.kill();
    const [reads, writes] = await Promise.all(posts);
    const ids = reads?.messages.map((one) => [one.id, one.result !== undefined]);
    expect(ids).toEqual([
      ['read-1', true],
      ['read-2', true],
    ]);
    expect(writes?.messages).toMatchObject([
      { id: 'write-1', error: { code: -32_050 } },
      { id: 'write-2', error: { code: -32_050 } },
    ]);
    expect(answersTo(stable)).toEqual([]);
  });
});
