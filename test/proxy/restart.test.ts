import { spawnSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { waitFor } from '../support/wait.js';
import { echo, httpAgent } from './support/agents.js';
import { LabServer } from './support/lab-server.js';
import { route, startProxy } from './support/proxies.js';
import { startProxyProcess, type ProxyProcess } from './support/proxy-process.js';
import { sampleOf } from './support/scrape.js';
import { startEverything, type RunningServer } from './support/servers.js';
import { WireClient } from './support/wire-client.js';

describe('a proxy that is killed and comes back', () => {
  let http: RunningServer;
  let proxy: ProxyProcess;

  beforeAll(async () => {
    http = await startEverything('streamableHttp');
    proxy = await startProxyProcess({ stable: http.port });
  });
  afterAll(async () => {
    await proxy.dispose();
    await http.kill();
  });

  it('keeps its route and every session, under its old id', async () => {
    const wanted = route({ stable: http.port, canary: 9 }, { canary: 0.25 });
    wanted.tracks.canary = { ...wanted.tracks.stable, weight: 0.25 };
    await proxy.setRoute(wanted);
    const agents = [await httpAgent(proxy.url), await httpAgent(proxy.url)];
    const ids = agents.map((agent) => agent.sessionId());
    await proxy.kill();
    await proxy.start();
    expect((await proxy.state()).route).toEqual(wanted);
    const opened = (await proxy.state()).tracks.stable.sessionsOpened;
    for (const agent of agents) expect(await echo(agent, 'back')).toBe('Echo: back');
    expect(agents.map((agent) => agent.sessionId())).toEqual(ids);
    // They go on with the instance's own sessions: nothing was set up anew.
    expect((await proxy.state()).tracks.stable.sessionsOpened).toBe(opened);
    await Promise.all(agents.map((agent) => agent.close()));
  });

  it('drains on SIGTERM, says so, and its agents go on', async () => {
    const agent = await httpAgent(proxy.url);
    const id = agent.sessionId();
    await waitFor(async () => (await proxy.state()).tracks.stable.streams === 1, {
      what: 'its stream',
    });
    const begun = proxy.log().length;
    expect(await proxy.kill('SIGTERM')).toBe(0);
    const lines = proxy.log().slice(begun).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { by: 'the holder', limitMs: 4_000 },
      { msg: 'drained', service: 'svc', cut: 0, streams: 1 },
      { msg: 'closed' },
    ]);
    await proxy.start();
    expect(await echo(agent, 'on')).toBe('Echo: on');
    expect(agent.sessionId()).toBe(id);
    await agent.close();
  });
});

describe('a proxy whose state folder could not be written for a while', () => {
  let server: LabServer;
  let proxy: ProxyProcess;
  let client: WireClient;

  /** No file of the worker's grows past that; a write that would make it fails, as on a full disk. */
  const limitFiles = async (limit: string): Promise<void> => {
    const pid = String(await proxy.workerPid());
    expect(spawnSync('prlimit', ['--pid', pid, `--fsize=${limit}:`]).status).toBe(0);
  };

  beforeEach(async () => {
    server = await LabServer.start();
    proxy = await startProxyProcess({ stable: server.port });
    await limitFiles('1');
    client = await WireClient.open(proxy.url);
    expect(proxy.log()).toContain('cannot be stored');
    await limitFiles('unlimited');
  });
  afterEach(async () => {
    await proxy.dispose();
    await server.kill();
  });

  it('stores what it could not soon after it can', async () => {
    await waitFor(() => proxy.log().includes('stored again'), { what: 'it', timeoutMs: 10_000 });
    await proxy.kill();
    await proxy.start();
    expect((await client.call('read')).status).toBe(200);
  });

  it('stores it before it ends', async () => {
    await proxy.kill('SIGTERM');
    await proxy.start();
    expect((await client.call('read')).status).toBe(200);
  });
});

describe('a proxy that ends while main is away', () => {
  afterEach(() => void vi.unstubAllEnvs());

  it('does not stay for what still waits for main', async () => {
    vi.stubEnv('kill_timeout', '1200');
    const server = await LabServer.start();
    const proxy = await startProxyProcess({ stable: server.port });
    const client = await WireClient.open(proxy.url);
    const stream = await client.stream();
    await server.kill();
    const call = client.call('write');
    await waitFor(async () => (await proxy.state()).tracks.stable.errors > 0, {
      what: 'the first try to fail',
    });
    const ended = proxy.kill('SIGTERM').then(() => 'ended');
    expect((await call).messages[0]).toMatchObject({ error: { code: -32_051 } });
    // Less than main is waited for, and than the holder would wait for its worker.
    expect(await Promise.race([ended, delay(4_000)])).toBe('ended');
    stream.close();
    await proxy.dispose();
  });
});

describe('sessions that nobody uses', () => {
  it('are ended, on the instance too', async () => {
    const server = await LabServer.start();
    const proxy = await startProxy({ stable: server.port }, { sessionIdleMs: 1_500 });
    const client = await WireClient.open(proxy.url);
    const busy = await WireClient.open(proxy.url);
    const stream = await busy.stream();
    await waitFor(() => server.sessions.size === 1, { what: 'the idle session to be deleted' });
    expect((await client.call('read')).status).toBe(404);
    expect((await busy.call('read')).status).toBe(200);
    const idle = { track: 'stable', reason: 'idle' };
    expect(await sampleOf(proxy, 'canary_sessions_ended_total', idle)).toBe(1);
    stream.close();
    await proxy.dispose();
    await server.kill();
  });
});

describe('a port that is taken', () => {
  it('is said, tried again, and nobody else’s trouble', async () => {
    const server = await LabServer.start();
    const proxy = await startProxy({ stable: server.port });
    await proxy.stop();
    const blocker = await LabServer.start();
    await blocker.kill();
    blocker.port = proxy.port;
    await blocker.listen();
    await proxy.start();
    const state = await proxy.state();
    expect(state.listening).toBe(false);
    expect(state.listenError).toContain('EADDRINUSE');
    await blocker.kill();
    await waitFor(async () => (await proxy.state()).listening, { what: 'the port to be bound' });
    expect((await WireClient.open(proxy.url)).sessionId).not.toBeNull();
    await proxy.dispose();
    await server.kill();
  });
});
