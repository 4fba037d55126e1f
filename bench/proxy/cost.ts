/**
 * CPU time of the proxy per small POST, side by side: rounds are interleaved, medians are given.
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
import { CONTENDERS, LOAD_CORE, startContender, versionOf, type Contender } from './contenders.js';
import { cpuUs, start } from './processes.js';
import { callHeaders, openSession, quantile, SMALL_CALL } from './small-call.js';

const UPSTREAM = fileURLToPath(new URL('./upstream.js', import.meta.url));
const CONNECTIONS = 64;
const WARM_UP_REQUESTS = 30_000;
const MAX_WARM_UPS = 5;
const run = promisify(execFile);

interface Sample {
  readonly cpuUsPerRequest: number;
  readonly requestsPerSecond: number;
}

function requestsIn(stdout: string): number {
  return Number(/(\d+) requests in/.exec(stdout)?.[1] ?? 0);
}

/** Until a just-in-time compiler has done its work, however slow the machine is. */
async function warmUp(load: () => Promise<{ stdout: string }>): Promise<void> {
  let served = 0;
  for (let i = 0; i < MAX_WARM_UPS && served < WARM_UP_REQUESTS; i += 1) {
    served += requestsIn((await load()).stdout);
  }
}

async function measure(
  name: Contender,
  upstreamPort: number,
  seconds: number,
  bytes: number,
): Promise<Sample> {
  const contender = await startContender(name, upstreamPort);
  const dir = mkdtempSync(join(tmpdir(), 'canary-load-'));
  try {
    const url = `http://127.0.0.1:${contender.port}/mcp`;
    const session = await openSession(contender.port);
    const headers = Object.entries(callHeaders(session, bytes)).map(
      ([name, value]) => `wrk.headers["${name}"] = "${value}"`,
    );
    const script = join(dir, 'post.lua');
    writeFileSync(
      script,
      `wrk.method = "POST"
wrk.body = [[${SMALL_CALL}]]
${headers.join('\n')}
`,
    );
    const load = (time: number) =>
      run('taskset', [
        '-c',
        LOAD_CORE,
        'wrk',
        '-t1',
        `-c${CONNECTIONS}`,
        `-d${time}s`,
        '-s',
        script,
        url,
      ]);
    await warmUp(() => load(seconds));
    const before = cpuUs(contender.pids());
    const { stdout } = await load(seconds);
    const used = cpuUs(contender.pids()) - before;
    const requests = requestsIn(stdout);
    if (stdout.includes('Non-2xx')) throw new Error(`${name} did not answer all: ${stdout}`);
    return { cpuUsPerRequest: used / requests, requestsPerSecond: requests / seconds };
  } finally {
    rmSync(dir, { recursive: true, force: true });
    await contender.end();
  }
}

const [rounds, seconds, bytes] = [
  process.argv[2] ?? 3,
  process.argv[3] ?? 5,
  process.argv[4] ?? 500,
].map(Number);
const upstreamPort = await freePort();
const upstream = await start({
  command: 'taskset',
  args: ['-c', LOAD_CORE, process.execPath, UPSTREAM, String(upstreamPort)],
  port: upstreamPort,
});
const names = process.argv[5]?.split(',');
const wanted = CONTENDERS.filter((name) => names?.includes(name) ?? true);
const samples = new Map<Contender, Sample[]>();
try {
  for (let round = 0; round < (rounds ?? 3); round += 1) {
    for (const name of wanted) {
      const sample = await measure(name, upstreamPort, seconds ?? 5, bytes ?? 500);
      samples.set(name, [...(samples.get(name) ?? []), sample]);
    }
  }
} finally {
  await upstream.end();
}
const bare = quantile((samples.get('http-proxy') ?? []).map((sample) => sample.cpuUsPerRequest));
const rows = [...samples].map(([name, all]) => {
  const us = quantile(all.map((sample) => sample.cpuUsPerRequest));
  const perSecond = quantile(all.map((sample) => sample.requestsPerSecond));
  return `| ${name} ${versionOf(name)} | ${us.toFixed(1)} | ${(us / bare).toFixed(2)} | ${Math.round(perSecond)} |`;
});
process.stdout.write(
  [
    '| | CPU µs per request | of http-proxy’s | requests/s reached |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n'),
);
