/** Legacy SSE clients that lose their stream, because the proxy was killed or the network was. */
import {
  Client as NewClient,
  SSEClientTransport as NewTransport,
} from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait.js';
import { Relay } from './support/relay.js';
import { startProxyProcess, type ProxyProcess } from './support/proxy-process.js';
import { SseServer } from './support/sse-server.js';

/* eslint-disable @typescript-eslint/no-deprecated -- legacy agents are what is tried */
interface Caller {
  call(): Promise<string>;
  subscribe(uri: string): Promise<unknown>;
  close(): Promise<void>;
}

async function agent(url: string, name = 'agent', sdk: 1 | 2 = 1): Promise<Caller> {
  const info = { name, version: '1' };
  const client = sdk === 1 ? new Client(info) : new NewClient(info);
  const target = new URL('/sse', url);
  if (client instanceof Client) await client.connect(new SSEClientTransport(target));
  else await client.connect(new NewTransport(target));
  return {
    call: async () => {
      const { content } = await client.callTool({ name: 'write' });
      return (content as { text: string }[])[0]?.text ?? '';
    },
    subscribe: (uri) => client.subscribeResource({ uri }),
    close: () => client.close(),
  };
}

describe('a legacy SSE client that comes back without naming its session', () => {
  let server: SseServer;
  let proxy: ProxyProcess;
  const agents: Caller[] = [];

  beforeEach(async () => {
    server = await SseServer.start();
    proxy = await startProxyProcess({ stable: server.port });
  });
  afterEach(async () => {
    await Promise.all(agents.splice(0).map((one) => one.close()));
    await proxy.dispose();
    await server.kill();
  });

  async function opened(name?: string, sdk?: 1 | 2): Promise<Caller> {
    const one = await agent(proxy.url, name, sdk);
    agents.push(one);
    return one;
  }

  it('goes on in it after a SIGKILL of the proxy: what it calls meanwhile waits', async () => {
    // One like it that has left is not taken for it.
    await (await agent(proxy.url)).close();
    await waitFor(() => server.streams.size === 0, { what: 'the other one to leave' });
    const one = await opened();
    await one.subscribe('a://1');
    await proxy.kill();
    await proxy.start();
    expect(await one.call()).toBe('by 2');
    expect(server.methods(2)).toEqual([
      'initialize',
      'notifications/initialized',
      'resources/subscribe',
      'tools/call',
    ]);
    expect(server.executed.get('write')).toBe(1);
  });

  it('is not taken for one that is new, and goes on beside others like it', async () => {
    const before = [await opened('agent', 1), await opened('agent', 2)];
    await proxy.kill();
    await proxy.start();
    const fresh = await opened('fresh');
    await waitFor(() => server.streams.size === 3, { what: 'all to be back' });
    await waitFor(async () => (await proxy.state()).tracks.stable.sessions === 3, {
      what: 'the old sessions to be gone on with',
    });
    const texts = await Promise.all([fresh, ...before].map((one) => one.call()));
    expect(new Set(texts)).toEqual(new Set(['by 2', 'by 3', 'by 4']));
    const names = texts.map((text) => server.received[Number(text.slice(3))]?.[0]?.params);
    expect(names).toMatchObject(
      ['fresh', 'agent', 'agent'].map((name) => ({ clientInfo: { name } })),
    );
  });

  it('is told what it waited for though a dead one like it has taken its session', async () => {
    const relay = await Relay.start(Number(new URL(proxy.url).port));
    const one = await agent(`http://127.0.0.1:${relay.port}`);
    agents.push(one);
    server.isSilent = true;
    const call = one.call().catch((error: unknown) => (error as { code?: unknown }).code);
    await waitFor(() => server.executed.get('write') === 1, { what: 'the call to run' });
    await relay.close();
    server.isSilent = false;
    // Nobody reads what is said on it.
    const dead = new AbortController();
    await fetch(`${proxy.url}/sse`, { signal: dead.signal });
    await waitFor(() => server.methods(1).includes('initialize'), {
      what: 'it to be taken for it',
    });
    await relay.reopen();
    expect(await call).toBe(-32_050);
    expect(await one.call()).toBe('by 2');
    dead.abort();
    await relay.close();
  });
});
