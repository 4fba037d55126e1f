#!/usr/bin/env node
/**
 * canary-proxy: holds the ports until it is told to stop, or gives up. Its worker (worker.ts)
 * carries the traffic; SIGHUP has it replaced.
 */
import { fileURLToPath } from 'node:url';
import { systemClock } from '../common/clock.js';
import { createLogger } from '../common/log.js';
import { Holder } from './holder/holder.js';

const log = createLogger('canary-proxy');
const script = fileURLToPath(new URL('./worker.js', import.meta.url));
const command = { script, args: process.argv.slice(2) };
const holder = new Holder({ command, clock: systemClock, log });

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => holder.stop());
process.on('SIGHUP', () => {
  void holder.replace().then((problem) => {
    if (problem !== null) log.error({ reason: problem }, 'the proxy was not reloaded');
  });
});
process.exitCode = await holder.run();
