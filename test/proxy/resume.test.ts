/** Streams that are cut between the proxy and a server that lives. */
import {
  Client as NewClient,
  StreamableHTTPClientTransport as NewTransport,
} from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait.js';
import { httpAgent } from './support/agents.js';
import { startProxy, type TestProxy } from './support/proxies.js';
import { Relay } from './support/relay.js';
import { ResumableServer } from './support/resumable-server.js';
import { startEverything } from './support/servers.js';

describe('a call’s stream that is cut while its server lives', () => {
  let server: ResumableServer;
  let relay: Relay;
  let proxy: TestProxy;

  beforeEach(async () => {
    server = await ResumableServer.start();
    relay = await Relay.start(server.port);
    proxy = await startProxy({ stable: relay.port });
  });
  afterEach(async () => {
    await proxy.dispose();
    await relay.close();
    await server.kill();
  });

  async function connected(sdk: 1 | 2): Promise<Client | NewClient> {
    const info = { name: 'agent', version: '1' };
    const url = new URL('/mcp', proxy.url);
    const client = sdk === 1 ? new Client(info) : new NewClient(info);
    if (client instanceof Client) await client.connect(new StreamableHTTPClientTransport(url));
    else await client.connect(new NewTransport(url));
    return client;
  }

  it.each([1, 2] as const)(
    'goes on where it broke off, again and again; nothing runs or is said twice (SDK %i)',
    async (sdk) => {
      const client = await connected(sdk);
      const progress: number[] = [];
      const onprogress = (one: { progress: number }) => void progress.push(one.progress);
      const options = { onprogress, timeout: 60_000 };
      const call =
        client instanceof Client
          ? client.callTool({ name: 'work' }, undefined, options)
          : client.callTool({ name: 'work' }, options);
      await waitFor(() => progress.length === 1, { what: 'the first progress' });
      relay.cut();
      server.step();
      await waitFor(() => progress.length === 2, { what: 'the second progress' });
      relay.cut();
      server.step();
      expect((await call).content).toEqual([{ type: 'text', text: 'done' }]);
      expect(progress).toEqual([1, 2]);
      expect(server.ran).toBe(1);
      const { calls } = await proxy.calls();
      expect(calls.filter(({ tool }) => tool === 'work')).toMatchObject([{ outcome: 'ok' }]);
      await client.close();
    },
  );

  it('loses nothing that is said on the session’s own stream meanwhile', async () => {
    const client = await connected(2);
    let changes = 0;
    (client as NewClient).setNotificationHandler('notifications/tools/list_changed', () => {
      changes += 1;
    });
    await waitFor(async () => (await proxy.state()).tracks.stable.streams === 1, {
      what: 'the GET',
    });
    await server.announce();
    await waitFor(() => changes === 1, { what: 'the first change' });
    relay.cut();
    await server.announce();
    await waitFor(() => changes === 2, { what: 'the change that was said meanwhile' });
    await client.close();
  });
});

describe('a call of server-everything that is cut', () => {
  it('has its answer, though a resumed stream there tells nothing new', async () => {
    const server = await startEverything('streamableHttp');
    const relay = await Relay.start(server.port);
    const proxy = await startProxy({ stable: relay.port });
    const agent = await httpAgent(proxy.url);
    const name = 'trigger-long-running-operation';
    let progress = 0;
    const call = agent.client.callTool({ name, arguments: { duration: 2, steps: 2 } }, undefined, {
      onprogress: () => (progress += 1),
      timeout: 60_000,
    });
    await waitFor(() => progress > 0, { what: 'progress' });
    relay.cut();
    expect(JSON.stringify(await call)).toContain('completed');
    await agent.close();
    await proxy.dispose();
    await relay.close();
    await server.kill();
  });
});
