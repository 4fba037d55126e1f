/** Clients that lose a call's stream and come back for it. */
import { rmSync } from 'node:fs';
import {
  Client as NewClient,
  StreamableHTTPClientTransport as NewTransport,
} from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { describe, expect, it } from 'vitest';
import { callEventIds } from '../../proxy/mcp/call-event-id.js';
import { waitFor } from '../support/wait.js';
import { LabServer, type Behaviour } from './support/lab-server.js';
import { startProxy } from './support/proxies.js';
import { startProxyProcess } from './support/proxy-process.js';
import { Relay } from './support/relay.js';
import { sampleOf } from './support/scrape.js';
import { oneServer } from './support/stages.js';
import { WireClient, type WireStream } from './support/wire-client.js';

const FIRST_ID = /^id: (canary-call\.\S+)\nretry: \d+\ndata: \n\n/m;
const OVER_ID = /^id: (canary-over\.\S+)$/m;

describe('a call’s stream', () => {
  const lab = oneServer();

  /** A call that the instance has begun to answer, and the event id that its client knows. */
  async function begun(behaviour: Behaviour) {
    const client = await WireClient.open(lab.proxy.url);
    const stream = await client.callStream('write', { sse: true, ...behaviour });
    const idOf = () => FIRST_ID.exec(stream.text)?.[1];
    await waitFor(() => idOf() !== undefined, { what: 'its first event id' });
    return { client, stream, id: idOf() ?? '' };
  }

  const over = (stream: WireStream) =>
    waitFor(() => !stream.isOpen, { what: 'the stream to end' }).then(() => stream.messages);
  const away = async (stream: WireStream) => {
    const before = lab.server.aborted;
    stream.close();
    await waitFor(() => !stream.isOpen, { what: 'the client to leave' });
    // The instance does not notice.
    expect(lab.server.aborted).toBe(before);
  };

  it('is begun with an event id, and answers the client that comes back with it, once', async () => {
    const { client, stream, id } = await begun({ ms: 1_000 });
    await away(stream);
    const back = await client.stream(id);
    expect(await over(back)).toMatchObject([{ id: 2, result: { isError: false } }]);
    expect(back.text).toMatch(FIRST_ID);
    const { calls } = await lab.proxy.calls();
    expect(calls.filter(({ tool }) => tool === 'write').at(-1)).toMatchObject({ outcome: 'ok' });
    expect(lab.server.executed.get('write')).toBe(1);
    expect(await over(await client.stream(id))).toMatchObject([{ id: 2, error: { code: -32050 } }]);
  });

  it('keeps an answer that comes while its client is away', async () => {
    const { client, stream, id } = await begun({ ms: 600, size: 300_000 });
    const before = lab.server.sentBytes;
    await away(stream);
    await waitFor(() => lab.server.sentBytes > before, { what: 'the instance to answer' });
    const [answer] = await over(await client.stream(id));
    expect(JSON.stringify(answer)).toContain('x'.repeat(300_000));
  });

  it('goes on however often it is lost, where its client was last', async () => {
    const { client, stream, id } = await begun({ asks: true });
    await away(stream);
    const second = await client.stream(id);
    await waitFor(() => second.text !== '', { what: 'the second stream' });
    // The client has lost it, and the proxy does not know yet.
    const third = await client.stream(id);
    await waitFor(() => !second.isOpen, { what: 'the second stream to be closed' });
    const asked = [stream, second, third].flatMap(({ messages }) => messages);
    expect(asked).toMatchObject([{ method: 'sampling/createMessage' }]);
    await client.post({ id: asked[0]!.id!, result: {} });
    expect((await over(third)).at(-1)).toMatchObject({ id: 2, result: {} });
  });

  it('ends where its client came back to when the instance dies after the answer', async () => {
    const server = await LabServer.start();
    const proxy = await startProxy({ stable: server.port });
    const client = await WireClient.open(proxy.url);
    const first = await client.callStream('write', { sse: true, lingers: true, ms: 1_000 });
    await waitFor(() => FIRST_ID.test(first.text), { what: 'its first event id' });
    const id = FIRST_ID.exec(first.text)?.[1];
    await away(first);
    const back = await client.stream(id);
    await waitFor(() => back.messages.length === 1, { what: 'its answer' });
    await server.kill();
    expect(await over(back)).toMatchObject([{ id: 2, result: {} }]);
    await proxy.dispose();
  });

  it('is told over with an error, which a client may come back for all the same', async () => {
    const { client, stream } = await begun({ ms: 50, outcome: 'rpc_error' });
    expect(await over(stream)).toMatchObject([{ id: 2, error: { code: -32_603 } }]);
    const id = OVER_ID.exec(stream.text)?.[1];
    expect((await client.stream(id)).status).toBe(405);
  });

  it('is told to be lost, and over, to a client that nothing is known of', async () => {
    const labels = { track: 'stable', code: '-32050' };
    const lost = (): Promise<number | undefined> =>
      sampleOf(lab.proxy, 'canary_mcp_rpc_errors_total', labels);
    const before = (await lost()) ?? 0;
    const { client, id } = await begun({ ms: 1 });
    const other = id.replace(/[^.]+$/, Buffer.from('"x"').toString('base64url'));
    const stream = await client.stream(other);
    expect(await over(stream)).toMatchObject([{ id: 'x', error: { code: -32_050 } }]);
    expect((await client.stream(OVER_ID.exec(stream.text)?.[1])).status).toBe(405);
    expect(await lost()).toBe(before + 1);
  });

  it('is told to be lost in a session that nothing is known of', async () => {
    const client = new WireClient(`${lab.proxy.url}/mcp`);
    client.sessionId = 'forgotten';
    const { begun: id, over: end } = callEventIds('forgotten', '7');
    expect(await over(await client.stream(id))).toMatchObject([
      { id: 7, error: { code: -32_050 } },
    ]);
    expect((await client.stream(end)).status).toBe(405);
    expect((await client.stream('7')).status).toBe(404);
  });

  it.each([
    ['in an older version', {}, '2025-06-18'],
    ['by an instance that gives ids itself', { ids: true }, undefined],
  ])('has no event id of ours %s', async (_, how, version) => {
    const client = await WireClient.open(lab.proxy.url, {}, version);
    const stream = await client.callStream('write', { sse: true, early: true, ms: 50, ...how });
    expect(await over(stream)).toHaveLength(2);
    expect(stream.text).not.toContain('canary-');
    expect(stream.text).not.toContain('retry');
  });

  it('is not another session’s: its id goes to the instance as it is', async () => {
    const client = await WireClient.open(lab.proxy.url);
    const { begun: id } = callEventIds('other', '2');
    const stream = await client.stream(id);
    expect(stream.status).toBe(200);
    expect(lab.server.received.at(-1)?.headers['last-event-id']).toBe(id);
    stream.close();
  });
});

describe('clients of both SDKs that lose a call’s stream', () => {
  interface Calling {
    readonly call: (behaviour: Behaviour, onprogress?: () => void) => Promise<unknown>;
    close(): Promise<void>;
  }

  /** Calls a tool; gives what is in its result, or the code of its error. */
  async function calling(sdk: 1 | 2, url: string): Promise<Calling> {
    const info = { name: 'agent', version: '1' };
    const client = sdk === 1 ? new Client(info) : new NewClient(info);
    const target = new URL('/mcp', url);
    if (client instanceof Client) await client.connect(new StreamableHTTPClientTransport(target));
    else await client.connect(new NewTransport(target));
    const call: Calling['call'] = async (behaviour, onprogress = () => undefined) => {
      const params = { name: 'write', arguments: { sse: true, early: true, ...behaviour } };
      try {
        return client instanceof Client
          ? (await client.callTool(params, undefined, { onprogress })).content
          : (await client.callTool(params, { onprogress })).content;
      } catch (error) {
        return (error as { code?: unknown }).code;
      }
    };
    return { call, close: () => client.close() };
  }

  /** What becomes of each one's call when its stream has reached it, and is lost then. */
  async function lost(all: Calling[], how: Behaviour, lose: () => unknown): Promise<unknown[]> {
    let begun = 0;
    const answers = all.map(({ call }) => call(how, () => (begun += 1)));
    await waitFor(() => begun === all.length, { what: 'the streams to begin' });
    await lose();
    return Promise.all(answers);
  }

  it('have their answer when they come back, and an error when the proxy has died', async () => {
    const server = await LabServer.start();
    const proxy = await startProxyProcess({ stable: server.port });
    const relay = await Relay.start(Number(new URL(proxy.url).port));
    const relayed = `http://127.0.0.1:${relay.port}`;
    const agents = await Promise.all([calling(1, relayed), calling(2, relayed)]);
    const answer = [{ type: 'text', text: 'lab' }];
    const cut = await lost(agents, { ms: 1_000 }, () => relay.cut());
    expect(cut).toEqual([answer, answer]);
    // Its holder starts another worker, however long that takes here.
    const die = async (): Promise<unknown> =>
      process.kill((await proxy.workerPid()) ?? 0, 'SIGKILL');
    expect(await lost(agents, { outcome: 'never' }, die)).toEqual([-32_050, -32_050]);
    expect(server.executed.get('write')).toBe(4);
    for (const { call } of agents) expect(await call({})).toEqual(answer);
    // So does one that knows nothing of their sessions any more.
    const forget = async (): Promise<unknown> => {
      rmSync(proxy.home.proxyStoreFile);
      rmSync(`${proxy.home.proxyStoreFile}-wal`, { force: true });
      return die();
    };
    expect(await lost(agents, { outcome: 'never' }, forget)).toEqual([-32_050, -32_050]);
    await Promise.all(agents.map((agent) => agent.close()));
    await relay.close();
    await proxy.dispose();
    await server.kill();
  });
});
