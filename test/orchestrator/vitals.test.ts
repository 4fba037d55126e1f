import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../common/clock.js';
import { AppView } from '../../orchestrator/pm2/app.js';
import { createPm2, type Pm2 } from '../../orchestrator/pm2/adapter.js';
import { proxyClient } from '../../orchestrator/proxy-client.js';
import { Store } from '../../orchestrator/store/store.js';
import { VitalSigns, type Vitals } from '../../orchestrator/vitals.js';
import { configWith } from '../support/schedules.js';
import { waitFor } from '../support/wait.js';

let dir: string;
let store: Store;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'canary-vitals-'));
  store = Store.open(join(dir, 'rollouts.db'));
});

afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true });
});

/** The first look. */
async function look(pm2: Pick<Pm2, 'list'>): Promise<Vitals> {
  const proxy = proxyClient(join(dir, 'proxy.sock'));
  const vitals = new VitalSigns({ config: configWith(''), pm2, proxy, store, clock: systemClock });
  expect(vitals.newest).toBeNull();
  const stop = new AbortController();
  const run = vitals.run(stop.signal);
  await waitFor(() => vitals.newest, { what: 'the first look' });
  stop.abort();
  await run;
  return vitals.newest!;
}

function app(name: string, pid: number, restarts: number): AppView {
  return new AppView({ name, pid, pm_id: 0, pm2_env: { restart_time: restarts } });
}

test('what is not there is down', async () => {
  const seen = await look(createPm2({ home: join(dir, 'pm2'), timeoutMs: 1_000 }));
  expect(seen).toEqual({ pm2Up: false, proxyUp: false, storeUp: true, apps: [] });
});

test('a service’s apps are told by their tracks, other apps are not', async () => {
  const value = [app('a', process.pid, 4), app('a-canary', 0, 0), app('z', process.pid, 1)];
  const { pm2Up, apps } = await look({ list: () => Promise.resolve({ kind: 'ok', value }) });
  expect(pm2Up).toBe(true);
  expect(apps).toEqual([
    { service: 'a', track: 'stable', restarts: 4, rssBytes: expect.any(Number) },
    { service: 'a', track: 'canary', restarts: 0, rssBytes: null },
  ]);
  expect(apps[0]!.rssBytes).toBeGreaterThan(1e7);
});

test('whether the store can be written is tried, and changes nothing', () => {
  expect(store.isWritable()).toBe(true);
  store.close();
  expect(store.isWritable()).toBe(false);
  store = Store.open(join(dir, 'rollouts.db'));
  expect(store.recent(null, 1)).toEqual([]);
});
