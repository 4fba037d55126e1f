/**
 * `npm run bench:scrape`: what a scrape costs with 20 services of 50 tools, each with calls of every
 * outcome on every track and a rollout under way. All calls' numbers change between two scrapes.
 *
 * CPU is that of the process that answers, which the proxy's traffic waits for; wall time is that of
 * a client in a process of its own, from its request to the last byte.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { systemClock } from '../common/clock.js';
import { createHome, homeFrom } from '../common/home.js';
import { OUTCOMES, TRACKS, type Track } from '../common/protocol.js';
import { loadConfigText } from '../config/load.js';
import type { CanaryConfig } from '../config/types.js';
import { exhibitMetrics } from '../demo/exhibit-metrics.js';
import { MINUTE_MS, openExhibit } from '../demo/exhibit.js';
import { freePort } from '../demo/free-port.js';
import { createMetrics } from '../orchestrator/metrics/metrics.js';
import { Proxy } from '../proxy/proxy.js';

const SERVICES = Array.from({ length: 20 }, (_, i) => `mcp-server-${i + 1}`);
const TOOLS = Array.from({ length: 50 }, (_, i) => `a-tool-of-it-${i + 1}`);
const WARM_UP = 10;
const SCRAPES = 40;

interface Fetched {
  readonly wallMs: number;
  readonly bytes: number;
  readonly lines: number;
}

if (process.send === undefined) await main();
else process.on('message', (url) => void fetchAll(String(url)).then((got) => process.send?.(got)));

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'canary-scrape-'));
  const client = fork(fileURLToPath(import.meta.url));
  try {
    await benchProxy(dir, client);
    await benchOrchestrator(client);
  } finally {
    client.kill();
    rmSync(dir, { recursive: true });
  }
}

async function benchProxy(dir: string, client: ChildProcess): Promise<void> {
  const config = await configOf();
  const home = homeFrom({ CANARY_HOME: dir });
  createHome(home);
  const log = pino({ level: 'silent' });
  const proxy = new Proxy({ config, home, clock: systemClock, log });
  await proxy.open();
  const { host, port } = config.proxy.metrics;
  const url = `http://${host}:${port}/metrics`;
  const two = TRACKS.filter((track) => track !== 'baseline');
  await report('proxy, two tracks', client, url, () => callEverything(proxy, two));
  await report('proxy, with baselines', client, url, () => callEverything(proxy, TRACKS));
  await proxy.close(0);
}

async function configOf(): Promise<CanaryConfig> {
  const services: string[] = [];
  for (const name of SERVICES) {
    const [listen, stable, canary] = [await freePort(), await freePort(), await freePort()];
    services.push(`  ${name}: {listen: ${listen}, stable: ${stable}, canary: ${canary}}`);
  }
  const text = `proxy: {metrics: ${await freePort()}}\nservices:\n${services.join('\n')}\n`;
  const loaded = loadConfigText('canary.yaml', text, {});
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

function callEverything(proxy: Proxy, tracks: readonly Track[]): void {
  for (const name of SERVICES) {
    const calls = proxy.service(name)?.accounts.calls;
    for (const track of tracks) {
      for (const tool of TOOLS) {
        for (const outcome of OUTCOMES) {
          const latencyMs = 10 ** (5 * Math.random());
          calls?.count({ track, tool, outcome, latencyMs, firstByteMs: latencyMs / 2 });
        }
      }
    }
  }
}

async function benchOrchestrator(client: ChildProcess): Promise<void> {
  const startedAtMs = Date.now() - 30 * MINUTE_MS;
  const story = { number: 1, startedAtMs, seenMs: 30 * MINUTE_MS, errorRate: 0.02 };
  const exhibit = openExhibit(
    SERVICES.map((service) => ({ ...story, service, bytesPerHour: 5e6, ends: 'not-yet' })),
  );
  const registry = createMetrics(exhibitMetrics(exhibit, SERVICES));
  const server = createServer((_, res) => void registry.metrics().then((text) => res.end(text)));
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await report('orchestrator', client, `http://127.0.0.1:${port}/metrics`, () => undefined);
  server.closeAllConnections();
  server.close();
  exhibit.dispose();
}

async function report(
  name: string,
  client: ChildProcess,
  url: string,
  change: () => void,
): Promise<void> {
  const cpuMs: number[] = [];
  const wallMs: number[] = [];
  let last: Fetched = { wallMs: 0, bytes: 0, lines: 0 };
  const gone = once(client, 'exit').then(() => Promise.reject(new Error('the client has ended')));
  // Told only while somebody waits for it.
  gone.catch(() => undefined);
  for (let i = 0; i < WARM_UP + SCRAPES; i += 1) {
    change();
    const before = process.cpuUsage();
    client.send(url);
    [last] = (await Promise.race([once(client, 'message'), gone])) as [Fetched];
    const { user, system } = process.cpuUsage(before);
    if (i < WARM_UP) continue;
    cpuMs.push((user + system) / 1_000);
    wallMs.push(last.wallMs);
  }
  const size = `${last.lines} samples, ${(last.bytes / 1e6).toFixed(1)} MB`;
  process.stdout.write(`${name}: ${size}; CPU ${spread(cpuMs)}; wall ${spread(wallMs)}\n`);
}

function spread(values: number[]): string {
  const sorted = values.sort((a, b) => a - b);
  const at = (share: number): string =>
    (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(1);
  return `${at(0.5)} ms (${at(0)} to ${at(1)})`;
}

/** Everything is read, on a connection of its own: one that was kept might just be closed. */
function fetchAll(url: string): Promise<Fetched> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('end', () => {
        const wallMs = performance.now() - began;
        const text = Buffer.concat(chunks).toString();
        const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
        resolve({ wallMs, bytes: text.length, lines: lines.length });
      });
    }).once('error', reject);
  });
}
