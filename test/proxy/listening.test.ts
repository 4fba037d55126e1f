import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { proxyClient } from '../../orchestrator/proxy-client.js';
import { portHolder } from '../../orchestrator/proc/ports.js';
import { waitFor } from '../support/wait.js';
import { LabServer } from './support/lab-server.js';
import { SERVICE, startProxy, type TestProxy } from './support/proxies.js';
import { WireClient } from './support/wire-client.js';

let server: LabServer;
let proxy: TestProxy;

beforeEach(async () => {
  server = await LabServer.start();
  proxy = await startProxy({ stable: server.port });
});
afterEach(async () => {
  await proxy.dispose();
  await server.kill();
});

function listen(listening: boolean) {
  return proxyClient(proxy.home.proxySocket).setListening(SERVICE, listening, 10_000);
}

it('a port is let go after the calls under way, and nothing takes it', async () => {
  const client = await WireClient.open(proxy.url);
  const call = client.call('slow', { ms: 400 });
  await waitFor(() => server.executed.get('slow') === 1, { what: 'the call to run' });
  expect(await listen(false)).toMatchObject({ kind: 'ok', value: { listening: false } });
  expect((await call).messages[0]?.result).toBeDefined();
  expect(portHolder(proxy.port)).toBeNull();
});

it('a port that was let go is taken again, with the sessions that there were', async () => {
  const client = await WireClient.open(proxy.url);
  await listen(false);
  expect(await listen(true)).toMatchObject({ kind: 'ok', value: { listening: true } });
  expect((await client.call('echo', {})).messages[0]?.result).toBeDefined();
});

it('a port that somebody else has meanwhile is tried until it is free', async () => {
  await listen(false);
  const other = createServer().listen(proxy.port, '127.0.0.1');
  await once(other, 'listening');
  expect(await listen(true)).toMatchObject({ value: { listening: false } });
  other.close();
  await waitFor(async () => (await proxy.state()).listening, { what: 'the port to be taken' });
});

it('a proxy that starts again listens', async () => {
  await listen(false);
  await proxy.stop();
  await proxy.start();
  expect((await proxy.state()).listening).toBe(true);
});

it('what is neither is refused', async () => {
  const reply = await proxy.admin('PUT', `/v1/services/${SERVICE}/listening`, { listening: 'no' });
  expect(reply).toMatchObject({ status: 400, body: { error: { code: 'bad_listening' } } });
});
