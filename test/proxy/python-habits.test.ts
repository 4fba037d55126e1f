import { afterEach, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait.js';
import { httpAgent } from './support/agents.js';
import { startProxy } from './support/proxies.js';
import { PythonServer, type PythonOptions } from './support/python-server.js';

const rpcError = (message: string) => ({
  jsonrpc: '2.0',
  id: 'server-error',
  error: { code: -32_600, message },
});
const NOT_FOUND = { status: 404, body: rpcError('Session not found') };

describe('a server with the habits of Python’s', () => {
  const stop: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const one of stop.splice(0).reverse()) await one();
  });

  async function started(unknown: PythonOptions['unknown'] = NOT_FOUND) {
    const server = await PythonServer.start({ unknown });
    const proxy = await startProxy({ stable: server.port });
    stop.push(
      () => server.kill(),
      () => proxy.dispose(),
    );
    return { server, proxy };
  }

  it.each(['/mcp', '/mcp/'])('has its sessions owned by the proxy (%s)', async (path) => {
    const { server, proxy } = await started();
    const agent = await httpAgent(proxy.url, path);
    await agent.client.callTool({ name: 'write' });
    expect(server.sessions.has(agent.sessionId() ?? '')).toBe(false);
    expect((await proxy.state()).tracks.stable.sessions).toBe(1);
    const { calls } = await proxy.calls();
    expect(calls.filter(({ tool }) => tool === 'write')).toMatchObject([{ outcome: 'ok' }]);
    await agent.close();
  });

  it.each([
    NOT_FOUND,
    { status: 400, body: rpcError('Bad Request: No valid session ID provided') },
    { status: 404, body: { detail: 'Not Found' } },
  ])('may forget a session, and is given it anew ($status $body)', async (unknown) => {
    const { server, proxy } = await started(unknown);
    const agent = await httpAgent(proxy.url);
    server.sessions.clear();
    await agent.client.callTool({ name: 'write' });
    expect(server.runs).toBe(1);
    expect(server.sessions.size).toBe(1);
    await agent.close();
  });

  it('has no connection of ours left to close after 5 s, so no call is sent on one', async () => {
    const { server, proxy } = await started();
    const agent = await httpAgent(proxy.url);
    await agent.client.callTool({ name: 'write' });
    await waitFor(() => server.open === 0, { what: 'the idle connections to be closed' });
    expect(server.timedOut).toBe(0);
    await agent.client.callTool({ name: 'write' });
    expect(server.runs).toBe(2);
    await agent.close();
  });
});
