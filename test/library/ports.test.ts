/** A whole rollout on neither PM2 nor canary-proxy: the second implementation of both ports. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../common/clock.js';
import { loadConfigText } from '../../config/load.js';
import type { CanaryConfig } from '../../config/types.js';
import { Orchestrator } from '../../orchestrator/orchestrator.js';
import type { AppSpec } from '../../orchestrator/pm2/spec.js';
import { Store } from '../../orchestrator/store/store.js';
import { askApp, NODE_SERVER, type AppAnswer } from '../support/apps.js';
import { freePort } from '../support/ports.js';
import { waitFor } from '../support/wait.js';
import { LocalProcesses } from './local-processes.js';
import { MemoryProxy } from './memory-proxy.js';

let folder: string;
let config: CanaryConfig;
let processes: LocalProcesses;
let proxy: MemoryProxy;
let store: Store;
let orchestrator: Orchestrator;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'canary-ports-'));
  config = await configuration();
  const service = config.services['notes']!;
  processes = new LocalProcesses(folder);
  proxy = new MemoryProxy(service);
  store = Store.open(join(folder, 'store.db'));
  orchestrator = new Orchestrator({
    config,
    env: {},
    store,
    pm2: processes,
    proxy,
    clock: systemClock,
    random: () => 'r',
    jitter: () => 0,
    host: 'here',
    log: pino({ level: 'silent' }),
  });
  processes.start('notes', spec(service.stable.port));
  await askApp(service.stable.port);
  orchestrator.resume();
});
afterEach(async () => {
  await orchestrator.stop();
  await processes.stopAll();
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function configuration(): Promise<CanaryConfig> {
  const [listen, stable, canary] = [await freePort(), await freePort(), await freePort()];
  const text = `
pm2Home: ${folder}
services:
  notes:
    listen: ${listen}
    stable: ${stable}
    canary: ${canary}
    mcpPaths: []
    ssePaths: []
    probe: http:/
    weight: 50%
    window: 2s
    bake: 500ms
    interval: 200ms
    onInconclusive: promote
    minimum: {calls: 5, sessions: 5}
    drain: {calls: 1s, sessions: 1s}
`;
  const loaded = loadConfigText(join(folder, 'canary.yaml'), text, { HOME: folder });
  return loaded.ok ? loaded.config : expect.fail(JSON.stringify(loaded.problems));
}

function spec(port: number): AppSpec {
  return {
    script: NODE_SERVER,
    cwd: folder,
    interpreter: process.execPath,
    interpreterArgs: [],
    args: [],
    env: { PORT: String(port), RELEASE: 'old' },
  };
}

/** Calls until the rollout is over. Gives the releases that answered, in order. */
async function callUntilTheEnd(id: string): Promise<(string | undefined)[]> {
  const releases: (string | undefined)[] = [];
  let over = false;
  const end = waitFor(
    () => {
      const view = orchestrator.rollout(id);
      return Promise.resolve(view.ok && view.value.endedAtMs !== null ? true : null);
    },
    { what: 'the rollout to end', timeoutMs: 60_000 },
  ).finally(() => (over = true));
  const isOver = (): boolean => over;
  while (!isOver()) {
    const answer = JSON.parse(await proxy.call()) as AppAnswer;
    releases.push(answer.release);
    await delay(20);
  }
  await end;
  return releases;
}

async function start(release: string): Promise<string> {
  const request = { release: { env: { RELEASE: release } }, dryRun: false };
  const started = await orchestrator.start('notes', request);
  if (!started.ok) return expect.fail(started.message);
  return 'rollout' in started.value ? started.value.rollout.id : expect.fail('it was only planned');
}

test('a release is promoted, and no call is lost on the way', async () => {
  const id = await start('new');
  const releases = await callUntilTheEnd(id);
  expect(orchestrator.rollout(id)).toMatchObject({ value: { phase: 'promoted' } });
  expect(new Set(releases)).toEqual(new Set(['old', 'new']));
  expect(releases.at(-1)).toBe('new');
  const listed = await processes.list();
  expect(listed).toMatchObject({ value: [{ name: 'notes', spec: { env: { RELEASE: 'new' } } }] });
});

test('a canary that ends is taken back, and main stays what it was', async () => {
  const id = await start('new');
  await waitFor(
    async () => {
      const canary = await processes.find('notes-canary');
      const view = orchestrator.rollout(id);
      const isObserved = view.ok && view.value.phase === 'observing';
      return isObserved && canary.kind === 'ok' ? process.kill(canary.value.pid!, 'SIGKILL') : null;
    },
    { what: 'the canary to be observed' },
  );
  await waitFor(
    () => {
      const view = orchestrator.rollout(id);
      return Promise.resolve(view.ok && view.value.phase === 'rolled-back' ? true : null);
    },
    { what: 'the rollout to be rolled back' },
  );
  const listed = await processes.list();
  expect(listed).toMatchObject({ value: [{ name: 'notes', restarts: 0 }] });
});
