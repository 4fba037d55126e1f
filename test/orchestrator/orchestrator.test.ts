import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkLeftovers } from '../../orchestrator/doctor/leftovers.js';
import type { Facts } from '../../orchestrator/doctor/facts.js';
import { Orchestrator } from '../../orchestrator/orchestrator.js';
import { createPm2 } from '../../orchestrator/pm2/adapter.js';
import { proxyClient } from '../../orchestrator/proxy-client.js';
import { Store } from '../../orchestrator/store/store.js';
import { FakeClock } from '../support/fake-clock.js';
import { configWith } from '../support/schedules.js';
import { waitFor } from '../support/wait.js';
import { Simulation } from './rollout/simulation.js';

let dir: string;
let store: Store;
let lines: string[];
let orchestrator: Orchestrator;

/** With the services a, b and c; neither PM2 nor the proxy runs. */
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'orchestrator-'));
  store = Store.open(join(dir, 'rollouts.db'));
  lines = [];
  orchestrator = new Orchestrator({
    config: configWith(''),
    env: {},
    store,
    pm2: createPm2({ home: join(dir, 'no-pm2'), timeoutMs: 1_000 }),
    proxy: proxyClient(join(dir, 'no-proxy.sock')),
    clock: new FakeClock('2026-03-01T12:00:00Z'),
    random: () => 'r',
    jitter: () => 0,
    host: 'here',
    log: pino({}, { write: (line) => void lines.push(line) }),
  });
});
afterEach(async () => {
  await orchestrator.stop();
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

it('tells of trouble with the store and goes on', async () => {
  store.madeReleases = () => {
    throw new Error('disk I/O error');
  };
  orchestrator.resume();
  await waitFor(() => lines.some((line) => line.includes('disk I/O error')), {
    what: 'the trouble in the log',
  });
  expect(await orchestrator.status()).toMatchObject({ services: { length: 3 } });
});

describe('a rollout of a service that was taken out of the configuration', () => {
  beforeEach(() => {
    const { rollout } = new Simulation();
    const held = { why: 'paused', step: 0, remainingMs: 1_000, deadlineMs: null } as const;
    store.insert({ ...rollout, id: 'scraper-1', phase: { kind: 'held', ...held } }, 1);
    orchestrator.resume();
  });

  it('is shown, and is no leftover', async () => {
    const rollout = { id: 'scraper-1', phase: 'held' };
    expect(orchestrator.service('scraper')).toMatchObject({ ok: true, value: { rollout } });
    expect(orchestrator.history('scraper', 1)).toMatchObject({ value: { rollouts: [rollout] } });
    const status = await orchestrator.status();
    expect(status.services.map(({ service }) => service)).toEqual(['a', 'b', 'c', 'scraper']);
    expect(status.services[3]).toMatchObject({ app: 'scraper', rollout });

    const canary = { name: 'scraper-canary', pmId: 3, pid: null, rollout: 'scraper-1' };
    const apps = { kind: 'ok', value: [canary] };
    const facts = { apps, orchestrator: { kind: 'ok', value: status }, pm2Home: dir };
    expect(checkLeftovers(facts as unknown as Facts)).toMatchObject([{ state: 'ok' }]);
  });

  it('takes orders, and nothing new can be started', async () => {
    const steered = orchestrator.steer('scraper', 'rollback', null);
    expect(steered).toMatchObject({ ok: true, value: { id: 'scraper-1', request: 'rollback' } });
    const started = await orchestrator.start('scraper', { release: {}, dryRun: false });
    expect(started).toMatchObject({
      ok: false,
      message: expect.stringMatching(/no service scraper.*\[unknown-service\]$/),
    });
  });
});

it('has no run begin with a service whose start is being planned', async () => {
  const request = { release: {}, dryRun: false };
  const all = { group: null, services: ['b', 'a'], requests: { a: request, b: request } };
  const starting = orchestrator.start('a', request);
  expect(orchestrator.runs.ask({ ...all, parallel: null, onRollback: null })).toEqual({
    ok: false,
    code: 'refused',
    message: 'a is just being started',
  });
  expect(await starting).toMatchObject({
    ok: false,
    message: expect.stringMatching(/\[pm2-down\]$/),
  });
  expect(orchestrator.runs.busy(['a'])).toBeNull();
});
