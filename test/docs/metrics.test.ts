import { readFileSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Registry } from 'prom-client';
import pino from 'pino';
import { systemClock } from '../../common/clock.js';
import { OUTCOMES } from '../../common/protocol.js';
import { meaningOf } from '../../orchestrator/judge/outcome.js';
import { createMetrics } from '../../orchestrator/metrics/metrics.js';
import { Orchestrator } from '../../orchestrator/orchestrator.js';
import { createPm2 } from '../../orchestrator/pm2/adapter.js';
import { proxyClient } from '../../orchestrator/proxy-client.js';
import { Store } from '../../orchestrator/store/store.js';
import { startProxy, type TestProxy } from '../proxy/support/proxies.js';
import { LabServer } from '../proxy/support/lab-server.js';
import { WireClient } from '../proxy/support/wire-client.js';
import { parseExposition, type FamilyText } from '../support/exposition.js';
import { documentedMetrics, type From } from '../support/metrics-doc.js';
import { waitFor } from '../support/wait.js';

let proxy: TestProxy;
let server: LabServer;
let store: Store;
let orchestrator: Orchestrator;
let registry: Registry;
let scraped: Map<string, FamilyText & { readonly from: From }>;

beforeAll(async () => {
  server = await LabServer.start();
  proxy = await startProxy({ stable: server.port });
  const client = await WireClient.open(proxy.url);
  await client.call('read');
  await client.delete();
  const { config, home } = proxy;
  store = Store.open(home.storeFile);
  orchestrator = new Orchestrator({
    config,
    env: {},
    store,
    pm2: createPm2({ home: `${home.dir}/pm2`, timeoutMs: 1_000 }),
    proxy: proxyClient(home.proxySocket),
    clock: systemClock,
    random: () => 'random',
    jitter: () => 0,
    host: 'host',
    log: pino({ level: 'silent' }),
  });
  orchestrator.resume();
  const build = { version: '1', configDigest: config.digest };
  const facts = { build, storeFile: home.storeFile };
  registry = createMetrics({ orchestrator, config, store, process: facts });
  const { host, port } = config.proxy.metrics;
  const texts = [
    ['orchestrator', await registry.metrics()],
    ['proxy', await (await fetch(`http://${host}:${port}/metrics`)).text()],
  ] as const;
  scraped = new Map();
  for (const [from, text] of texts) {
    for (const [name, family] of parseExposition(text)) {
      scraped.set(name, { ...family, from: scraped.has(name) ? 'both' : from });
    }
  }
});

afterAll(async () => {
  await orchestrator.stop();
  store.close();
  await proxy.dispose();
  await server.kill();
  rmSync(proxy.home.dir, { recursive: true, force: true });
});

const isOurs = (name: string): boolean => !/^(process|nodejs)_/.test(name);

test('docs/metrics.md has every metric that a scrape gives, and no other', () => {
  const found = [...scraped].filter(([name]) => isOurs(name));
  const told = found.map(([name, { from, type, help }]) => [name, { from, type, help }]);
  const documented = [...documentedMetrics()].map(([name, { from, type, help }]) => [
    name,
    { from, type, help },
  ]);
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(told));
});

test('names are as Prometheus’ conventions want them', () => {
  for (const [name, { type, help }] of scraped) {
    if (!isOurs(name)) continue;
    expect(name).toMatch(/^canary_[a-z0-9_]+$/);
    expect(name.endsWith('_total'), name).toBe(type === 'counter');
    expect(name).not.toMatch(/_(ms|milliseconds|minutes|hours|mb|percent)\b/);
    expect(help, name).toMatch(/^[A-Z1].*\.$/);
  }
});

test('the labels are those that docs/metrics.md names', () => {
  const declared = new Map(
    registry
      .getMetricsAsArray()
      .map((metric) => [metric.name, (metric as unknown as { labelNames: string[] }).labelNames]),
  );
  for (const [name, { from, labels }] of documentedMetrics()) {
    if (from !== 'proxy') expect(declared.get(name), name).toEqual(labels);
    for (const sample of scraped.get(name)!.samples) {
      const found = Object.keys(sample.labels).filter((label) => label !== 'le');
      expect(found, name).toEqual(labels);
    }
  }
});

test('docs/metrics.md has every outcome, and says whose error it is', () => {
  const text = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| `(\w+)` \| [^|]+ \| (yes|no)\b[^|]*\|$/gm)];
  const isError = (outcome: (typeof OUTCOMES)[number]): boolean =>
    ['error', 'tool-error'].includes(meaningOf(outcome));
  expect(rows.map(([, outcome, counts]) => [outcome, counts === 'yes'])).toEqual(
    OUTCOMES.map((outcome) => [outcome, isError(outcome)]),
  );
});

test('an orchestrator without PM2 says so', async () => {
  const text = await waitFor(
    async () => {
      const seen = await registry.metrics();
      return seen.includes('\ncanary_pm2_up ') ? seen : null;
    },
    { what: 'the first look' },
  );
  expect(text).toContain('\ncanary_pm2_up 0\n');
  expect(text).toContain('\ncanary_proxy_up 1\n');
  expect(text).toContain('\ncanary_store_up 1\n');
});
