#!/usr/bin/env node
/** canary-proxy: carries the traffic of all services until it is told to stop. */
import { Command } from 'commander';
import { systemClock } from '../common/clock.js';
import { createHome, homeFrom } from '../common/home.js';
import { createLogger } from '../common/log.js';
import { findConfig } from '../config/find.js';
import { loadConfig } from '../config/load.js';
import { formatProblems } from '../config/problem.js';
import type { CanaryConfig } from '../config/types.js';
import { Proxy } from './proxy.js';

/** How long answers under way may take after SIGTERM: below PM2's default kill time-out of 1.6 s. */
const GRACE_MS = 1_200;

function readConfig(flag: string | undefined): CanaryConfig | null {
  const { env } = process;
  const found = findConfig({ flag, env, cwd: process.cwd(), homeDir: homeFrom(env).dir });
  if (!found.ok) {
    process.stderr.write(`${found.message}\n`);
    return null;
  }
  const loaded = loadConfig(found.file, env);
  if (loaded.ok) return loaded.config;
  const color = process.stderr.isTTY;
  process.stderr.write(`${formatProblems(loaded.problems, { color })}\n`);
  return null;
}

async function main(): Promise<void> {
  const command = new Command('canary-proxy')
    .description('The data plane: splits agents between main and canary, and keeps their sessions.')
    .option('--config <file>', 'the configuration (default: as `canary validate` finds it)')
    .parse();
  const config = readConfig(command.opts<{ config?: string }>().config);
  if (config === null) {
    process.exitCode = 2;
    return;
  }
  const home = homeFrom(process.env);
  createHome(home);
  const log = createLogger('canary-proxy');
  const proxy = new Proxy({ config, home, clock: systemClock, log });
  await proxy.open();
  const stop = (signal: NodeJS.Signals): void => {
    log.info({ signal }, 'closing');
    process.off('SIGTERM', stop);
    process.off('SIGINT', stop);
    void proxy.close(GRACE_MS).then(() => log.info('closed'));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

await main();
