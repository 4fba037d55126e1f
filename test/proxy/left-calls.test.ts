/** Legacy SSE clients that lose their stream while calls are under way: each call is answered. */
import {
  Client as NewClient,
  SSEClientTransport as NewTransport,
} from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait.js';
import { startProxy } from './support/proxies.js';
import { startProxyProcess } from './support/proxy-process.js';
import { Relay } from './support/relay.js';
import { SseServer } from './support/sse-server.js';

const TIMEOUT_MS = 60_000;

/* eslint-disable @typescript-eslint/no-deprecated -- legacy agents are what is tried */
interface Caller {
  readonly connected: Promise<void>;
  /** Requests that were accepted. */
  readonly accepted: number;
  list(): Promise<unknown>;
  /** The text that a tool answers with, or the error's message. */
  call(name: string): Promise<string>;
  close(): Promise<void>;
}

function agent(port: number, sdk: 1 | 2, capabilities: object): Caller {
  const info = { name: 'agent', version: '1' };
  const client =
    sdk === 1 ? new Client(info, { capabilities }) : new NewClient(info, { capabilities });
  const target = new URL(`http://127.0.0.1:${port}/sse`);
  let accepted = 0;
  const counted: typeof fetch = async (url, init) => {
    const response = await fetch(url, init);
    if (response.status === 202) accepted += 1;
    return response;
  };
  const connected =
    client instanceof Client
      ? client.connect(new SSEClientTransport(target, { fetch: counted }))
      : client.connect(new NewTransport(target, { fetch: counted }));
  connected.catch(() => undefined);
  const callTool = async (name: string): Promise<string> => {
    const options = { timeout: TIMEOUT_MS };
    const { content } = await (client instanceof Client
      ? client.callTool({ name }, undefined, options)
      : client.callTool({ name }, options));
    return (content as { text: string }[])[0]?.text ?? '';
  };
  return {
    connected,
    get accepted() {
      return accepted;
    },
    list: () => client.listTools(),
    call: (name) => callTool(name).catch((error: unknown) => (error as Error).message),
    close: () => client.close(),
  };
}

describe('calls of a legacy SSE client that loses its stream', () => {
  let server: SseServer;
  const open: { dispose(): Promise<void> }[] = [];
  const agents: Caller[] = [];

  beforeEach(async () => {
    server = await SseServer.start();
  });
  afterEach(async () => {
    await Promise.all(agents.splice(0).map((one) => one.close()));
    for (const one of open.splice(0)) await one.dispose();
    await server.kill();
  });

  function opened(port: number, sdk: 1 | 2, capabilities: object = {}): Caller {
    const one = agent(port, sdk, capabilities);
    agents.push(one);
    return one;
  }

  /** A proxy and a relay in front of it, which can be cut. */
  async function relayed(): Promise<Relay> {
    const proxy = await startProxy({ stable: server.port });
    const relay = await Relay.start(proxy.port);
    open.push({ dispose: () => relay.close() }, proxy);
    return relay;
  }

  /** Calls that are accepted and run, and get no answer. */
  async function underWay(one: Caller, names: readonly string[]): Promise<Promise<string>[]> {
    server.isSilent = true;
    const accepted = one.accepted + names.length;
    const runs = server.runs + names.length;
    const calls = names.map((name) => one.call(name));
    const isUnderWay = (): boolean => one.accepted === accepted && server.runs === runs;
    await waitFor(isUnderWay, { what: 'the calls to be under way' });
    return calls;
  }

  async function expectAnswers(one: Caller, calls: readonly Promise<string>[]): Promise<void> {
    const [read, write] = await Promise.all(calls);
    expect(read).toBe('by 1');
    expect(write).toContain('the server was lost during the call');
    expect(server.executed.get('write')).toBe(1);
    expect(await one.call('write')).toBe('by 1');
  }

  it.each([1, 2] as const)('the read is repeated, the write is not (SDK %i)', async (sdk) => {
    const relay = await relayed();
    const one = opened(relay.port, sdk);
    await one.connected;
    await one.list();
    const calls = await underWay(one, ['read', 'write']);
    server.isSilent = false;
    relay.cut();
    await expectAnswers(one, calls);
  });

  it('they are remembered when the proxy is killed', async () => {
    const proxy = await startProxyProcess({ stable: server.port });
    open.push(proxy);
    const one = opened(Number(new URL(proxy.url).port), 1);
    await one.connected;
    await one.list();
    const calls = await underWay(one, ['read', 'write']);
    await proxy.kill();
    server.isSilent = false;
    await proxy.start();
    await expectAnswers(one, calls);
  });

  it('a read is not given up when the instance cuts it again and again', async () => {
    const relay = await relayed();
    const one = opened(relay.port, 1);
    await one.connected;
    await one.list();
    server.cutsUntil = performance.now() + 150;
    expect(await one.call('read')).toBe('by 0');
  });

  it('an initialize is sent again', async () => {
    const relay = await relayed();
    server.isSilent = true;
    const one = opened(relay.port, 1);
    await waitFor(() => server.methods(0).includes('initialize'), { what: 'initialize' });
    await waitFor(() => one.accepted === 1, { what: 'it to be accepted' });
    server.isSilent = false;
    relay.cut();
    await one.connected;
    expect(server.methods(1).filter((method) => method === 'initialize')).toHaveLength(1);
    expect(await one.call('write')).toBe('by 1');
  });

  it('clients that cannot be told apart are told of all, but not of what they send next', async () => {
    const relay = await relayed();
    const [one, two] = [opened(relay.port, 1), opened(relay.port, 1)];
    await Promise.all([one.connected, two.connected]);
    const calls = [
      ...(await underWay(one, Array<string>(5).fill('write'))),
      ...(await underWay(two, ['write'])),
    ];
    server.isSilent = false;
    relay.cut();
    await waitFor(() => server.received.length === 4, { what: 'the clients to be back' });
    // It has the id of one of the other client's.
    const isServed = async () => /^by [23]$/.test(await two.call('write'));
    await waitFor(isServed, { what: 'the client to know where to send' });
    for (const call of calls) expect(await call).toContain('the server was lost');
    expect(await one.call('write')).toMatch(/^by [23]$/);
  });

  it('clients that agreed on different things are told too', async () => {
    const relay = await relayed();
    const [one, two] = [opened(relay.port, 1), opened(relay.port, 1, { roots: {} })];
    await Promise.all([one.connected, two.connected]);
    const calls = [
      ...(await underWay(one, ['write'])),
      ...(await underWay(two, ['write', 'write'])),
    ];
    relay.cut();
    for (const call of calls) expect(await call).toContain('the server was lost');
  });
});
