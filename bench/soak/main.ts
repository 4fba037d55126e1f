/**
 * `npm run soak`: does anything grow, and is any call lost, under load over time?
 *
 *   npm run soak -- [--minutes 30] [--agents 1000] [--rate 200] [--services 1]
 *
 * The whole set-up under a private PM2; agents with open streams call at a steady rate while a
 * release is promoted and another one rolled back on every service. Prints what was measured as
 * JSON; exits 1 when a call was lost or a rollout did not end as it should.
 */
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { packageRoot } from '../../common/package.js';
import { proxyStateSchema } from '../../common/protocol.js';
import { homeFrom } from '../../common/home.js';
import { callUnix } from '../../common/unix-http.js';
import { openStage, type Stage } from '../../demo/stage.js';
import { rssBytes } from '../proxy/processes.js';
import { Crowd } from './crowd.js';
import { MemorySampler, pidOf, slopeOf } from './memory.js';

const SAMPLE_MS = 2_000;
const BLOCK_MS = 60_000;
const BLOCKS_AT_LEAST = 6;
const SETTLE_MS = 5_000;
/** Parts of the whole time: when the promotion begins, when the rollback, and when all is settled. */
const PROMOTION_AT = 0.1;
const ROLLBACK_AT = 0.4;
const SETTLED_AT = 0.2;
/** How long a canary is observed before a person's order. */
const OBSERVED = 0.1;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    agents: { type: 'string', default: '1000' },
    rate: { type: 'string', default: '200' },
    services: { type: 'string', default: '1' },
  },
});
const minutes = Number(values.minutes);
const agents = Number(values.agents);
const rate = Number(values.rate);
const totalMs = minutes * 60_000;
const names = Array.from({ length: Number(values.services) }, (_, i) => `mcp-${i + 1}`);
const startedLoad = loadavg();

const stage = await openStage({
  apps: names.map((name) => ({
    name,
    script: join(packageRoot(), 'dist', 'bench', 'proxy', 'fixture-server.js'),
    args: ['/dev/null'],
  })),
  // A person ends both rollouts: what is tried is the load, not the judge.
  defaults: {
    weight: '20%',
    window: '23h',
    bake: `${Math.ceil(totalMs * 0.05)}ms`,
    ready: '300s',
    contract: 'off',
    limits: { errors: { max: '100%' }, latency: { timesStable: 20 } },
  },
});
try {
  process.exitCode = (await soak(stage)) ? 0 : 1;
} finally {
  await stage.dispose();
}

async function soak(on: Stage): Promise<boolean> {
  const home = homeFrom({ CANARY_HOME: on.home });
  const proxyPid = await proxyPidOf(home.proxySocket);
  const orchestratorPid = pidOf(on.pm2.home, 'canary-orchestrator');
  const emptyBytes = rssBytes([proxyPid]);
  const urls = names.map((name) => on.url(name));
  const crowd = await Crowd.connect(urls, agents);
  await delay(SETTLE_MS);
  const fullBytes = rssBytes([proxyPid]);
  const pids = { proxy: () => proxyPid, orchestrator: () => orchestratorPid };
  const sampler = new MemorySampler(pids, SAMPLE_MS);
  const beganMs = Date.now();
  const at = (part: number): Promise<void> => delay(beganMs + totalMs * part - Date.now());
  crowd.start(rate);
  await at(PROMOTION_AT);
  const promoted = await rollouts(on, 'promote');
  await at(ROLLBACK_AT);
  const rolledBack = await rollouts(on, 'rollback');
  await at(1);
  await crowd.stop();
  sampler.stop();
  const tookMs = Date.now() - beganMs;
  await crowd.close();
  const settledMs = beganMs + totalMs * SETTLED_AT;
  const blockMs = Math.min(BLOCK_MS, (totalMs * (1 - SETTLED_AT)) / BLOCKS_AT_LEAST);
  const grown = Object.entries(sampler.samples).map(([name, samples]) => {
    const settled = samples.filter(({ atMs }) => atMs >= settledMs);
    const bytes = settled.map((sample) => sample.bytes);
    const range = { minBytes: Math.min(...bytes), maxBytes: Math.max(...bytes) };
    return [name, { ...range, slopeBytesPerHour: slopeOf(settled, blockMs) }];
  });
  const { errors, ...counts } = crowd.tally;
  const report = {
    services: names.length,
    agents,
    wantedRate: rate,
    minutes,
    callsPerSecond: Math.round(crowd.tally.calls / (tookMs / 1_000)),
    ...counts,
    slowestMs: Math.round(counts.slowestMs),
    errors: Object.fromEntries(errors),
    promoted,
    rolledBack,
    proxyBytesPerSession: Math.round((fullBytes - emptyBytes) / agents),
    memory: Object.fromEntries(grown) as unknown,
    load: { started: startedLoad, ended: loadavg() },
  };
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  const ended = promoted === names.length && rolledBack === names.length;
  return ended && crowd.tally.lost === 0;
}

/** Takes a release through on every service at once; gives how many ended as ordered. */
async function rollouts(on: Stage, order: 'promote' | 'rollback'): Promise<number> {
  const [wanted, release] = order === 'promote' ? ['promoted', '2'] : ['rolled-back', '3'];
  const outcomes = names.map(async (name) => {
    await ordered(on, ['start', name, '--env', `RELEASE=${release}`]);
    await delay(totalMs * OBSERVED);
    await ordered(on, [order, name]);
    const deadlineMs = Date.now() + totalMs;
    while (Date.now() < deadlineMs) {
      const rollout = await on.rollout(name);
      if (rollout?.endedAtMs != null) return rollout.phase === wanted;
      await delay(SAMPLE_MS);
    }
    return false;
  });
  return (await Promise.all(outcomes)).filter(Boolean).length;
}

async function ordered(on: Stage, args: readonly string[]): Promise<void> {
  const { code, stderr } = await on.canary(...args);
  if (code !== 0) process.stderr.write(`canary ${args.join(' ')}: ${stderr}\n`);
}

async function proxyPidOf(socket: string): Promise<number> {
  const reply = await callUnix(socket, { method: 'GET', path: '/v1/state', timeoutMs: 5_000 });
  if (reply.kind !== 'answered') throw new Error(reply.reason);
  return proxyStateSchema.parse(reply.body).pid;
}
