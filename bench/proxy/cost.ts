/**
 * CPU time of the proxy per small POST, side by side: all contenders are up and warm, and get their
 * load in turn, round after round. Medians are given, and the median of each round's ratio.
 *
 *   node dist/bench/proxy/cost.js [ROUNDS] [SECONDS] [BYTES] [CONTENDER,...]
 *
 * Needs wrk, nginx, haproxy, caddy and taskset, and two cores.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '../../demo/free-port.js';
import {
  CONTENDERS,
  LOAD_CORE,
  startContender,
  versionOf,
  type Contender,
  type Started,
} from './contenders.js';
import { cpuUs, start } from './processes.js';
import { callHeaders, openSession, quantile, SMALL_CALL } from './small-call.js';

const UPSTREAM = fileURLToPath(new URL('./upstream.js', import.meta.url));
const CONNECTIONS = 64;
const WARM_UP_REQUESTS = 60_000;
const WARM_UP_SECONDS = 5;
const MAX_WARM_UPS = 12;
const run = promisify(execFile);

interface Sample {
  readonly cpuUsPerRequest: number;
  readonly requestsPerSecond: number;
}

function requestsIn(stdout: string): number {
  return Number(/(\d+) requests in/.exec(stdout)?.[1] ?? 0);
}

/** A contender that serves, and how to put load on it. */
interface Loaded {
  readonly name: Contender;
  readonly contender: Started;
  readonly load: (seconds: number) => Promise<string>;
}

async function loaded(
  name: Contender,
  place: { readonly upstreamPort: number; readonly dir: string; readonly bytes: number },
): Promise<Loaded> {
  const contender = await startContender(name, place.upstreamPort);
  const url = `http://127.0.0.1:${contender.port}/mcp`;
  const session = await openSession(contender.port);
  const headers = Object.entries(callHeaders(session, place.bytes)).map(
    ([header, value]) => `wrk.headers["${header}"] = "${value}"`,
  );
  const script = join(place.dir, `${name}.lua`);
  const lines = ['wrk.method = "POST"', `wrk.body = [[${SMALL_CALL}]]`, ...headers, ''];
  writeFileSync(script, lines.join('\n'));
  const load = async (seconds: number): Promise<string> => {
    const wrk = ['wrk', '-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '-s', script, url];
    const { stdout } = await run('taskset', ['-c', LOAD_CORE, ...wrk]);
    if (stdout.includes('Non-2xx')) throw new Error(`${name} did not answer all: ${stdout}`);
    return stdout;
  };
  return { name, contender, load };
}

/** Until a just-in-time compiler has done its work, however slow the machine is. */
async function warmUp({ load }: Loaded): Promise<void> {
  let served = 0;
  for (let i = 0; i < MAX_WARM_UPS && served < WARM_UP_REQUESTS; i += 1) {
    served += requestsIn(await load(WARM_UP_SECONDS));
  }
}

async function measure({ contender, load }: Loaded, seconds: number): Promise<Sample> {
  const before = cpuUs(contender.pids());
  const requests = requestsIn(await load(seconds));
  const used = cpuUs(contender.pids()) - before;
  return { cpuUsPerRequest: used / requests, requestsPerSecond: requests / seconds };
}

const [rounds = 10, seconds = 2, bytes = 500] = process.argv.slice(2, 5).map(Number);
const names = process.argv[5]?.split(',');
const dir = mkdtempSync(join(tmpdir(), 'canary-load-'));
const upstreamPort = await freePort();
const upstream = await start({
  command: 'taskset',
  args: ['-c', LOAD_CORE, process.execPath, UPSTREAM, String(upstreamPort)],
  port: upstreamPort,
});
const samples = new Map<Contender, Sample[]>();
const all: Loaded[] = [];
try {
  for (const name of CONTENDERS.filter((one) => names?.includes(one) ?? true)) {
    all.push(await loaded(name, { upstreamPort, dir, bytes }));
  }
  for (const one of all) await warmUp(one);
  for (let round = 0; round < rounds; round += 1) {
    for (const one of all) {
      samples.set(one.name, [...(samples.get(one.name) ?? []), await measure(one, seconds)]);
    }
  }
} finally {
  for (const { contender } of all) await contender.end();
  await upstream.end();
  rmSync(dir, { recursive: true, force: true });
}

/** Of http-proxy's in the same round: what else the machine did then slowed both. */
function shareOfHttpProxy(name: Contender): string {
  const bare = samples.get('http-proxy') ?? [];
  const own = samples.get(name) ?? [];
  const shares = own.map((sample, i) => sample.cpuUsPerRequest / (bare[i]?.cpuUsPerRequest ?? NaN));
  return quantile(shares).toFixed(2);
}

const rows = [...samples].map(([name, own]) => {
  const us = quantile(own.map((sample) => sample.cpuUsPerRequest));
  const perSecond = quantile(own.map((sample) => sample.requestsPerSecond));
  const cells = [us.toFixed(1), shareOfHttpProxy(name), Math.round(perSecond)];
  return `| ${name} ${versionOf(name)} | ${cells.join(' | ')} |`;
});
process.stdout.write(
  [
    '| | CPU µs per request | of http-proxy’s | requests/s reached |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n'),
);
