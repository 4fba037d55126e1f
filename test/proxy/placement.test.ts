import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Overrides } from '../../config/types.js';
import { waitFor } from '../support/wait.js';
import { startEverything } from './support/servers.js';
import { LabServer } from './support/lab-server.js';
import { route, startProxy, type TestProxy } from './support/proxies.js';
import { WireClient } from './support/wire-client.js';

const ALWAYS = { 'x-canary': 'always' };
const NEVER = { 'x-canary': 'never' };

let stable: LabServer;
let canary: LabServer;
let ports: { stable: number; canary: number };

beforeAll(async () => {
  stable = await LabServer.start();
  canary = await LabServer.start();
  ports = { stable: stable.port, canary: canary.port };
});

afterAll(() => Promise.all([stable.kill(), canary.kill()]));

async function open(overrides: Partial<Overrides>, weight = 0.5): Promise<TestProxy> {
  const none = { header: null, always: [], never: [] };
  const proxy = await startProxy(ports, { overrides: { ...none, ...overrides } });
  await proxy.setRoute(route(ports, { canary: weight }));
  return proxy;
}

/** The tracks of the calls so far: a placed client's in capitals. */
async function tracks(proxy: TestProxy): Promise<string[]> {
  const { calls } = await proxy.calls();
  return calls
    .filter(({ tool }) => tool === 'read')
    .map(({ track, placed }) => (placed ? track.toUpperCase() : track));
}

async function callAs(proxy: TestProxy, headers: Record<string, string> = {}): Promise<void> {
  await (await WireClient.open(proxy.url, headers)).call('read');
}

describe('by a header', () => {
  it('a client chooses, and the split deals the others out as if it had not been there', async () => {
    const proxy = await open({ header: 'x-canary' }, 0.25);
    for (let i = 0; i < 8; i += 1) {
      await callAs(proxy);
      await callAs(proxy, ALWAYS);
      if (i < 4) await callAs(proxy, NEVER);
    }
    const seen = await tracks(proxy);
    const count = (track: string): number => seen.filter((each) => each === track).length;
    expect([count('stable'), count('canary')]).toEqual([6, 2]);
    expect([count('STABLE'), count('CANARY')]).toEqual([4, 8]);
    const { stable: main, canary: other } = (await proxy.state()).tracks;
    expect(other.calls - other.placedCalls).toBeLessThan(other.placedCalls);
    expect(main.placedCalls).toBeGreaterThan(0);
    await proxy.dispose();
  });

  it('nobody chooses that is not named, or by another word', async () => {
    const off = await open({}, 0.01);
    await callAs(off, ALWAYS);
    expect(await tracks(off)).toEqual(['stable']);
    await off.dispose();
    const proxy = await open({ header: 'x-canary' }, 0.01);
    await callAs(proxy, { 'x-canary': 'please' });
    expect(await tracks(proxy)).toEqual(['stable']);
    await proxy.dispose();
  });

  it('a session keeps its place over a restart of the proxy', async () => {
    const proxy = await open({ header: 'x-canary' }, 0.01);
    const client = await WireClient.open(proxy.url, ALWAYS);
    await proxy.stop();
    await proxy.start();
    // The first try may find the connection of before.
    await waitFor(async () => (await client.call('read')).status === 200, { what: 'an answer' });
    expect(await tracks(proxy)).toEqual(['CANARY']);
    await proxy.dispose();
  });

  it('without a canary that takes new sessions there is nothing to choose', async () => {
    const proxy = await open({ header: 'x-canary' });
    await proxy.setRoute(route(ports, { canary: 0 }));
    await callAs(proxy, ALWAYS);
    await proxy.setRoute(route(ports, { canary: 1 }));
    await callAs(proxy, NEVER);
    expect(await tracks(proxy)).toEqual(['stable', 'canary']);
    await proxy.dispose();
  });
});

describe('by the lists', () => {
  it('a client is known by its name, and never outweighs always', async () => {
    const wire = { kind: 'client', name: 'wire' } as const;
    const always = await open({ header: 'x-canary', always: [wire] }, 0.01);
    await callAs(always);
    await callAs(always, NEVER);
    expect(await tracks(always)).toEqual(['CANARY', 'STABLE']);
    await always.dispose();
    const never = await open({ header: 'x-canary', always: [wire], never: [wire] }, 0.99);
    await callAs(never, ALWAYS);
    expect(await tracks(never)).toEqual(['STABLE']);
    await never.dispose();
  });

  it('a client is known by the address of its connection, not by what it says of it', async () => {
    const here = { kind: 'address', address: '127.0.0.0', bits: 8 } as const;
    const there = { kind: 'address', address: '10.0.0.0', bits: 8 } as const;
    const proxy = await open({ always: [here], never: [there] }, 0.01);
    await callAs(proxy, { 'x-forwarded-for': '10.1.2.3' });
    expect(await tracks(proxy)).toEqual(['CANARY']);
    await proxy.dispose();
  });
});

describe('over other transports', () => {
  it('clients without a session are placed by header, request by request', async () => {
    const server = await LabServer.start({ isStateless: true });
    const both = { stable: server.port, canary: server.port };
    const overrides: Overrides = { header: 'x-canary', always: [], never: [] };
    const proxy = await startProxy({ stable: server.port }, { overrides });
    await proxy.setRoute(route(both, { canary: 0.01 }));
    const plain = await WireClient.open(proxy.url);
    const chosen = await WireClient.open(proxy.url, ALWAYS);
    await plain.call('read');
    await chosen.call('read');
    await plain.call('read');
    expect(await tracks(proxy)).toEqual(['stable', 'CANARY', 'stable']);
    await proxy.dispose();
    await server.kill();
  });

  it('legacy SSE is placed by header when its stream is opened', async () => {
    const server = await startEverything('sse');
    const both = { stable: server.port, canary: server.port };
    const overrides: Overrides = { header: 'x-canary', always: [], never: [] };
    const proxy = await startProxy({ stable: server.port }, { overrides });
    await proxy.setRoute(route(both, { canary: 0.01 }));
    const abort = new AbortController();
    const stream = await fetch(`${proxy.url}/sse`, { headers: ALWAYS, signal: abort.signal });
    expect(stream.status).toBe(200);
    expect((await proxy.state()).tracks).toMatchObject({
      canary: { sessions: 1 },
      stable: { sessions: 0 },
    });
    abort.abort();
    await proxy.dispose();
    await server.kill();
  });
});
