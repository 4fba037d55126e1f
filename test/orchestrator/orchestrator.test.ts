import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Orchestrator } from '../../orchestrator/orchestrator.js';
import { createPm2 } from '../../orchestrator/pm2/adapter.js';
import { proxyClient } from '../../orchestrator/proxy-client.js';
import { Store } from '../../orchestrator/store/store.js';
import { FakeClock } from '../support/fake-clock.js';
import { configWith } from '../support/schedules.js';
import { waitFor } from '../support/wait.js';

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
