/** The orchestrator's control socket, served as the program serves it, without PM2 and without a proxy. */
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { systemClock } from '../../common/clock.js';
import { homeFrom } from '../../common/home.js';
import { callUnix, serveUnix, type UnixCall } from '../../common/unix-http.js';
import { loadConfigText } from '../../config/load.js';
import { answerControl } from '../../orchestrator/control/api.js';
import { Orchestrator } from '../../orchestrator/orchestrator.js';
import { createPm2 } from '../../orchestrator/pm2/adapter.js';
import { proxyClient } from '../../orchestrator/proxy-client.js';
import { Store } from '../../orchestrator/store/store.js';

const SERVICE = 'svc';
const CONFIG = `services:
  ${SERVICE}: { listen: 8081, stable: 8082, canary: 8083, portFrom: env:PORT }
groups: { all: { services: [${SERVICE}] } }
schedules: { nightly: { group: all, cron: "0 3 * * *", timeZone: UTC } }
`;
const LIMIT_MS = 5_000;

/** Each is answered, and with no error of the program's own; then the orchestrator answers on. */
export async function fuzzControl(inputs: number): Promise<void> {
  const stage = await open();
  try {
    await fc.assert(
      fc.asyncProperty(calls, (call) => stage.ask({ ...call, timeoutMs: LIMIT_MS })),
      { numRuns: inputs },
    );
    await stage.ask({ method: 'GET', path: '/v1/status', timeoutMs: LIMIT_MS });
  } finally {
    await stage.close();
  }
}

const names = fc.oneof(
  fc.constantFrom(SERVICE, 'all', 'nightly', `${SERVICE}-1`, '%', '%zz', '..', '__proto__'),
  fc.string().map((any) => encodeURI(any)),
);
const numbers = fc.oneof(
  fc.constantFrom('-1', '1e9', 'x', '', '1'),
  fc.integer().map((any) => String(any)),
);
const paths = fc.oneof(
  fc.constantFrom('/v1/status', '/v1/groups', '/v1/runs', '/v1/schedules', '/v1/takeover', '//'),
  fc
    .tuple(
      fc.constantFrom('services', 'rollouts', 'runs', 'schedules'),
      names,
      fc.constantFrom(
        ...['', '/start', '/promote', '/rollback', '/pause', '/resume', '/logs', '/plan'],
        ...['/evidence', '/cancel', '/run'],
      ),
    )
    .map(([what, name, verb]) => `/v1/${what}/${name}${verb}`),
  fc
    .tuple(
      fc.constantFrom('history', 'runs', 'notify/test', `rollouts/${SERVICE}-1/evidence`),
      fc.constantFrom('limit', 'after', 'service', 'name'),
      numbers,
    )
    .map(([what, key, value]) => `/v1/${what}?${key}=${value}`),
);
/** Like those that are right, but for what stands in some place. */
const bodies = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      release: fc.oneof(
        fc.jsonValue(),
        fc.dictionary(fc.constantFrom('script', 'cwd', 'args', 'env', 'version'), fc.jsonValue()),
      ),
      dryRun: fc.oneof(fc.boolean(), fc.jsonValue()),
      reason: fc.option(fc.string()),
      services: fc.oneof(fc.constant([SERVICE]), fc.jsonValue()),
      group: fc.oneof(fc.constant('all'), fc.jsonValue()),
      overrides: fc.jsonValue(),
    },
    { requiredKeys: [] },
  ),
);
const calls: fc.Arbitrary<Pick<UnixCall, 'method' | 'path' | 'body'>> = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
  path: paths,
  body: bodies,
});

interface Stage {
  ask(call: UnixCall): Promise<void>;
  close(): Promise<void>;
}

async function open(): Promise<Stage> {
  const dir = mkdtempSync(join(tmpdir(), 'canary-fuzz-'));
  const home = homeFrom({ CANARY_HOME: dir });
  const loaded = loadConfigText(join(dir, 'canary.yaml'), CONFIG, {});
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const store = Store.open(home.storeFile);
  const orchestrator = new Orchestrator({
    config: loaded.config,
    env: {},
    store,
    pm2: createPm2({ home: join(dir, 'no-pm2'), timeoutMs: LIMIT_MS }),
    proxy: proxyClient(home.proxySocket),
    clock: systemClock,
    random: () => 'mark',
    jitter: () => 0,
    host: 'host',
    log: pino({ level: 'silent' }),
  });
  const answer = (request: Parameters<typeof answerControl>[1]) =>
    answerControl(orchestrator, request);
  const server: Server = await serveUnix(home.controlSocket, answer, null);
  return {
    ask: async (call) => {
      const reply = await callUnix(home.controlSocket, call);
      if (reply.kind === 'unreachable') throw new Error(reply.reason);
      if (reply.status === 500) throw new Error(JSON.stringify(reply.body));
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await orchestrator.stop();
      store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
