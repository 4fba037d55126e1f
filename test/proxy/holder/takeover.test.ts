import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { instanceOf, isAlive } from '../../../orchestrator/proc/tree.js';
import { freePort } from '../../support/ports.js';
import { waitFor } from '../../support/wait.js';
import { echo, httpAgent, type Agent } from '../support/agents.js';
import { startProxyProcess, type ProxyProcess } from '../support/proxy-process.js';
import { startEverything, type RunningServer } from '../support/servers.js';

const LOAD_TIMEOUT_MS = 40_000;

let server: RunningServer;
let proxy: ProxyProcess;
let agent: Agent;
beforeAll(async () => {
  server = await startEverything('streamableHttp');
  proxy = await startProxyProcess({ stable: server.port });
  agent = await httpAgent(proxy.url);
});
afterAll(async () => {
  await agent.close();
  await proxy.dispose();
  await server.kill();
});

const otherThan = (pid: number | null): Promise<unknown> =>
  waitFor(async () => ![pid, null].includes(await proxy.workerPid()), {
    what: 'another worker',
    timeoutMs: LOAD_TIMEOUT_MS,
  });

/** Who is served on a connection of its own gets 404 from main. */
const visit = async (): Promise<number> =>
  (await fetch(`${proxy.url}/nothing`, { headers: { connection: 'close' } })).status;

/** Calls, and new connections, without pause while `work` goes on; gives how many. */
async function callsDuring(work: () => Promise<unknown>): Promise<number> {
  const over = new AbortController();
  let calls = 0;
  const calling = (async () => {
    while (!over.signal.aborted) {
      expect(await echo(agent, `call ${calls}`)).toBe(`Echo: call ${calls}`);
      expect(await visit()).toBe(404);
      calls += 1;
    }
  })();
  await Promise.race([work(), calling]);
  over.abort();
  await calling;
  return calls;
}

const reload = () => proxy.admin('POST', '/v1/reload');

describe('a proxy with a holder', () => {
  it('is replaced without a refused connection, a failed call or a lost session', async () => {
    const id = agent.sessionId();
    const before = await proxy.workerPid();
    const calls = await callsDuring(async () => {
      expect(await reload()).toMatchObject({ status: 200 });
      await otherThan(before);
    });
    expect(calls).toBeGreaterThan(0);
    expect(agent.sessionId()).toBe(id);
    expect((await proxy.state()).tracks.stable.sessionsOpened).toBe(0);
  });

  it('is replaced on SIGHUP too', async () => {
    const before = await proxy.workerPid();
    process.kill(proxy.pid(), 'SIGHUP');
    await otherThan(before);
    expect(await echo(agent, 'after SIGHUP')).toBe('Echo: after SIGHUP');
  });

  it('stays with its worker when the new one cannot load', async () => {
    const before = await proxy.workerPid();
    proxy.configure('nowhere');
    const reply = await reload();
    proxy.configure();
    expect(reply).toMatchObject({
      status: 409,
      body: { error: { message: expect.stringContaining('exit code 2') as unknown } },
    });
    expect(await proxy.workerPid()).toBe(before);
    expect(await echo(agent, 'still')).toBe('Echo: still');
  });

  it('lets connections wait for the next worker when one is killed', async () => {
    const before = await proxy.workerPid();
    process.kill(before!, 'SIGKILL');
    await waitFor(async () => (await proxy.workerPid()) !== before, {
      what: 'the worker to be gone',
    });
    expect(await visit()).toBe(404);
    expect([before, null]).not.toContain(await proxy.workerPid());
    expect(await echo(agent, 'back')).toBe('Echo: back');
  });

  it('leaves no worker behind when it is killed itself, and sessions go on with the next', async () => {
    const id = agent.sessionId();
    const worker = instanceOf((await proxy.workerPid())!)!;
    await proxy.killHolder();
    await waitFor(() => !isAlive(worker), { what: 'the worker to end' });
    await proxy.start();
    expect(await echo(agent, 'again')).toBe('Echo: again');
    expect(agent.sessionId()).toBe(id);
  });

  it('takes the port that the configuration has now, and frees the one it had', async () => {
    const before = await proxy.workerPid();
    const port = await freePort();
    const other = `http://127.0.0.1:${port}/nothing`;
    proxy.configure(port);
    await reload();
    await otherThan(before);
    await waitFor(async () => (await proxy.state()).listening, { what: 'the new port' });
    expect((await fetch(other)).status).toBe(404);
    await expect(visit()).rejects.toThrow('fetch failed');

    const now = await proxy.workerPid();
    proxy.configure();
    await reload();
    await otherThan(now);
    await waitFor(async () => (await proxy.state()).listening, { what: 'the old port' });
    expect(await visit()).toBe(404);
  });

  it('says why it cannot have a port, and takes it when it is free', async () => {
    const squatter = createServer().listen(await freePort(), '127.0.0.1');
    await once(squatter, 'listening');
    const { port } = squatter.address() as { port: number };
    const before = await proxy.workerPid();
    proxy.configure(port);
    await reload();
    await otherThan(before);
    await waitFor(async () => (await proxy.state()).listenError?.includes('EADDRINUSE'), {
      what: 'the refusal',
    });
    squatter.close();
    await waitFor(async () => (await proxy.state()).listening, { what: 'the port to be taken' });
    const now = await proxy.workerPid();
    proxy.configure();
    await reload();
    await otherThan(now);
    await waitFor(async () => (await proxy.state()).listening, { what: 'the old port' });
  });
});
