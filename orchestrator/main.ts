#!/usr/bin/env node
/** The process `canary-orchestrator`: puts the parts together, and takes them apart on SIGTERM or SIGINT. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { systemClock } from '../common/clock.js';
import { createHome, homeFrom } from '../common/home.js';
import { createLogger } from '../common/log.js';
import { messageOf } from '../common/message-of.js';
import { packageVersion } from '../common/package.js';
import { serveUnix } from '../common/unix-http.js';
import { readConfig } from '../config/read.js';
import { answerControl } from './control/api.js';
import { Dashboard } from './dashboard/dashboard.js';
import { dashboardToken } from './dashboard/token.js';
import { createMetrics } from './metrics/metrics.js';
import { Orchestrator } from './orchestrator.js';
import { createPm2 } from './pm2/adapter.js';
import { proxyClient } from './proxy-client.js';
import { Store } from './store/store.js';
import { serveWeb } from './web.js';

const PM2_TIMEOUT_MS = 5_000;
/** Another parent later means that this process is an orphan. */
const starterPid = process.ppid;
const log = createLogger('canary-orchestrator');

try {
  await main(process.env);
} catch (error) {
  log.fatal(messageOf(error));
  // Half an orchestrator would answer and decide nothing.
  process.exit(1);
}

async function main(env: NodeJS.ProcessEnv): Promise<void> {
  const home = homeFrom(env);
  const request = { env, cwd: process.cwd(), homeDir: home.dir };
  const read = readConfig(request, { color: process.stderr.isTTY });
  if (!read.ok) {
    process.stderr.write(`${read.message}\n`);
    process.exitCode = 2;
    return;
  }
  const { config } = read;
  createHome(home);
  // First: a predecessor has the store until it has given way.
  const control = await serveUnix(
    home.controlSocket,
    (request) => answerControl(orchestrator, request),
    {
      isOrphan: () => process.ppid !== starterPid,
      giveWay: () => void process.kill(process.pid, 'SIGTERM'),
    },
  );
  const store = Store.open(home.storeFile);
  const orchestrator = new Orchestrator({
    config,
    env,
    store,
    pm2: createPm2({ home: config.pm2Home, timeoutMs: PM2_TIMEOUT_MS }),
    proxy: proxyClient(home.proxySocket),
    clock: systemClock,
    random: () => randomUUID(),
    jitter: Math.random,
    host: hostname(),
    log,
  });
  const { listen } = config.orchestrator;
  const dashboard = new Dashboard({
    desk: orchestrator,
    store,
    token: dashboardToken(home.tokenFile),
    host: listen.host,
    clock: systemClock,
    log,
  });
  const build = { version: packageVersion(), configDigest: config.digest };
  const facts = { build, storeFile: home.storeFile };
  const metrics = createMetrics({ orchestrator, config, store, process: facts });
  const web = await serveWeb({ metrics, dashboard, log }, listen);
  orchestrator.resume();
  log.info({ config: config.file, home: home.dir, web: listen }, 'ready');

  const stop = async (signal: string): Promise<void> => {
    log.info({ signal }, 'stopping');
    control.close();
    dashboard.close();
    web.close();
    web.closeAllConnections();
    await orchestrator.stop();
    store.close();
  };
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => void stop(signal));
}
