#!/usr/bin/env node
/** canary-proxy: carries the traffic of all services until it is told to stop. */
import { Command } from 'commander';
import { systemClock } from '../common/clock.js';
import { createHome, homeFrom } from '../common/home.js';
import { createLogger } from '../common/log.js';
import { readConfig } from '../config/read.js';
import { drainLimitMs } from './drain.js';
import { Proxy } from './proxy.js';

const log = createLogger('canary-proxy');

try {
  await main();
} catch (error) {
  log.fatal(error instanceof Error ? error.message : String(error));
  // What has been opened would keep half a proxy running.
  process.exit(1);
}

async function main(): Promise<void> {
  const command = new Command('canary-proxy')
    .description('The data plane: splits agents between main and canary, and keeps their sessions.')
    .option('--config <file>', 'the configuration (default: as `canary validate` finds it)')
    .parse();
  const home = homeFrom(process.env);
  const { config: flag } = command.opts<{ config?: string }>();
  const request = { flag, env: process.env, cwd: process.cwd(), homeDir: home.dir };
  const read = readConfig(request, { color: process.stderr.isTTY });
  if (!read.ok) {
    process.stderr.write(`${read.message}\n`);
    process.exitCode = 2;
    return;
  }
  createHome(home);
  const proxy = new Proxy({ config: read.config, home, clock: systemClock, log });
  await proxy.open();
  const limitMs = drainLimitMs(read.config.proxy.drainMs, process.env);
  const stop = (signal: NodeJS.Signals): void => {
    log.info({ signal, limitMs }, 'draining: calls under way may finish');
    process.off('SIGTERM', stop);
    process.off('SIGINT', stop);
    void proxy.close(limitMs).then(() => log.info('closed'));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
