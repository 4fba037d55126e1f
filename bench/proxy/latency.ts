/**
 * What each contender adds to the latency of a small tools/call at a steady 200 requests a second
 * on 16 connections. Requests leave on time, whether or not earlier ones have been answered.
 *
 *   node dist/bench/proxy/latency.js [SECONDS]
 */
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../demo/free-port.js';
import { CONTENDERS, LOAD_CORE, startContender, type Contender } from './contenders.js';
import { start } from './processes.js';
import { callHeaders, openSession, quantile, SMALL_CALL } from './small-call.js';

const UPSTREAM = fileURLToPath(new URL('./upstream.js', import.meta.url));
const PER_SECOND = 200;
const CONNECTIONS = 16;
const ANSWER_BYTES = 500;
const WARM_UP_REQUESTS = 3_000;

type Ask = () => Promise<number>;

function asker(port: number, session: string): Ask {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const headers = {
    ...callHeaders(session, ANSWER_BYTES),
    'content-length': Buffer.byteLength(SMALL_CALL),
  };
  const options = { agent, host: '127.0.0.1', port, path: '/mcp', method: 'POST', headers };
  return () =>
    new Promise((resolve, reject) => {
      const startedAt = performance.now();
      const req = request(options, (res) => {
        res.resume();
        res.once('end', () => resolve(performance.now() - startedAt));
      });
      req.once('error', reject);
      req.end(SMALL_CALL);
    });
}

async function latenciesMs(name: Contender, upstreamPort: number, seconds: number) {
  const contender = await startContender(name, upstreamPort);
  try {
    const ask = asker(contender.port, await openSession(contender.port));
    for (let i = 0; i < WARM_UP_REQUESTS; i += 1) await ask();
    const asked: Promise<number>[] = [];
    const startedAt = performance.now();
    for (let i = 0; i < seconds * PER_SECOND; i += 1) {
      const dueMs = startedAt + (i * 1_000) / PER_SECOND - performance.now();
      if (dueMs > 0) await delay(dueMs);
      asked.push(ask());
    }
    return await Promise.all(asked);
  } finally {
    await contender.end();
  }
}

const seconds = Number(process.argv[2] ?? 10);
const upstreamPort = await freePort();
const upstream = await start({
  command: 'taskset',
  args: ['-c', LOAD_CORE, process.execPath, UPSTREAM, String(upstreamPort)],
  port: upstreamPort,
});
process.stdout.write('| | p50 ms | p99 ms | p50 added | p99 added |\n|---|---|---|---|---|\n');
try {
  let direct = { p50: 0, p99: 0 };
  for (const name of CONTENDERS) {
    const all = await latenciesMs(name, upstreamPort, seconds);
    const own = { p50: quantile(all, 0.5), p99: quantile(all, 0.99) };
    if (name === 'direct') direct = own;
    const cells = [own.p50, own.p99, own.p50 - direct.p50, own.p99 - direct.p99];
    process.stdout.write(`| ${name} | ${cells.map((ms) => ms.toFixed(2)).join(' | ')} |\n`);
  }
} finally {
  await upstream.end();
}
