import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait.js';
import { startDual, type DualServer } from './support/dual-server.js';
import { route, startProxy, type TestProxy } from './support/proxies.js';

const MODERN = '2026-07-28';

describe('clients of the stateless revision', () => {
  let stable: DualServer;
  let canary: DualServer;
  let proxy: TestProxy;
  let ports: { stable: number; canary: number };
  const open: Client[] = [];

  beforeAll(async () => {
    stable = await startDual('stable');
    canary = await startDual('canary');
    ports = { stable: stable.port, canary: canary.port };
    proxy = await startProxy(ports);
  });
  afterAll(async () => {
    await Promise.all(open.map((client) => client.close()));
    await proxy.dispose();
    await Promise.all([stable.kill(), canary.kill()]);
  });

  async function agent(principal: string, mode: 'auto' | 'legacy' = 'auto'): Promise<Client> {
    const client = new Client({ name: 'agent', version: '2' }, { versionNegotiation: { mode } });
    const requestInit = { headers: { authorization: `Bearer ${principal}` } };
    await client.connect(
      new StreamableHTTPClientTransport(new URL('/mcp', proxy.url), { requestInit }),
    );
    open.push(client);
    return client;
  }

  async function who(client: Client): Promise<string> {
    const { content } = await client.callTool({ name: 'who' });
    return (content as { text: string }[])[0]!.text;
  }

  it('are split by principal, and keep their track', async () => {
    await proxy.setRoute(route(ports, { canary: 0.2 }));
    const clients = [];
    for (let i = 0; i < 10; i += 1) clients.push(await agent(`principal-${i}`));
    expect(clients[0]!.getNegotiatedProtocolVersion()).toBe(MODERN);
    const first = await Promise.all(clients.map(who));
    expect(first.filter((name) => name === 'canary')).toHaveLength(2);
    expect(await Promise.all(clients.map(who))).toEqual(first);
    const again = await agent('principal-0');
    expect(await who(again)).toBe(first[0]);
    await proxy.setRoute(route(ports, { drainCanary: true }));
    expect(new Set(await Promise.all(clients.map(who)))).toEqual(new Set(['stable']));
  });

  it('are served beside older clients of a server that gives no session ids', async () => {
    const legacy = await agent('older', 'legacy');
    expect(await who(legacy)).toBe('stable');
    const state = await proxy.admin('GET', '/v1/services/svc/negotiated');
    expect(state).toMatchObject({ body: { statelessVersions: { [MODERN]: expect.any(Number) } } });
  });

  it('bring a state back to the instance that gave it, while its track is emptied', async () => {
    await proxy.setRoute(route(ports, { canary: 1 }));
    const info = { name: 'agent', version: '2' };
    const client = new Client(info, {
      versionNegotiation: { mode: 'auto' },
      capabilities: { elicitation: {} },
    });
    open.push(client);
    client.setRequestHandler('elicitation/create', async () => {
      await proxy.setRoute(route(ports, { drainCanary: true }));
      return { action: 'accept', content: { sure: true } };
    });
    await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', proxy.url)));
    const { content } = await client.callTool({ name: 'ask' });
    expect(content).toEqual([{ type: 'text', text: 'canary' }]);
    expect(await who(client)).toBe('stable');
  });

  it('cancel by going away', async () => {
    const client = await agent('impatient');
    const abort = new AbortController();
    const call = client.callTool({ name: 'wait' }, { signal: abort.signal });
    call.catch(() => undefined);
    await waitFor(async () => (await proxy.state()).tracks.stable.inFlight === 1, {
      what: 'the call',
    });
    abort.abort();
    await expect(call).rejects.toThrow();
    await waitFor(() => stable.ran.cancelled === 1, { what: 'the tool to be told' });
  });

  it('get an unknown method’s 404 as it is', async () => {
    const { nextAfter } = await proxy.calls();
    const message = {
      jsonrpc: '2.0',
      id: 1,
      method: 'no/such',
      params: {
        _meta: {
          'io.modelcontextprotocol/protocolVersion': MODERN,
          'io.modelcontextprotocol/clientInfo': { name: 'x', version: '1' },
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    };
    const answer = await fetch(`${proxy.url}/mcp`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': MODERN,
        'mcp-method': 'no/such',
      },
      body: JSON.stringify(message),
    });
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ error: { code: -32_601 } });
    const { calls } = await proxy.calls(nextAfter);
    expect(calls).toMatchObject([{ tool: 'no/such', outcome: 'client_error' }]);
  });

  it('keep listening while their track is emptied', async () => {
    await proxy.setRoute(route(ports, { canary: 1 }));
    const client = await agent('listener');
    let changes = 0;
    client.setNotificationHandler('notifications/tools/list_changed', () => {
      changes += 1;
    });
    const subscription = await client.listen({ toolsListChanged: true });
    expect((await proxy.state()).tracks.canary).toMatchObject({ inFlight: 0, streams: 1 });
    canary.notifyToolsChanged();
    await waitFor(() => changes === 1, { what: 'the canary’s change' });
    await proxy.setRoute(route(ports, { drainCanary: true }));
    await waitFor(async () => (await proxy.state()).tracks.stable.streams === 1, {
      what: 'the move',
    });
    await waitFor(
      () => {
        stable.notifyToolsChanged();
        return changes > 1;
      },
      { what: 'stable’s change' },
    );
    await subscription.close();
  });
});
