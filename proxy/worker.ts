/** The proxy proper: the process behind the holder (main.ts) that carries the traffic of all services. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { systemClock } from '../common/clock.js';
import { createHome, homeFrom } from '../common/home.js';
import { createLogger } from '../common/log.js';
import { messageOf } from '../common/message-of.js';
import { readConfig } from '../config/read.js';
import type { CanaryConfig } from '../config/types.js';
import { drainLimitMs } from './drain.js';
import { HeldDoors } from './holder/held-doors.js';
import type { FromWorker, ToWorker } from './holder/messages.js';
import { Proxy } from './proxy.js';

const log = createLogger('canary-proxy');
const home = homeFrom(process.env);

/** A worker with its configuration; what it does from here on its holder says. */
class Worker {
  private proxy: Proxy | null = null;
  private isServing = false;
  private isEnding = false;
  private starterPid = 0;
  private replacing: Promise<string | null> | null = null;
  private onReplacing: ((problem: string | null) => void) | null = null;
  private readonly doors = new HeldDoors(tell);
  private readonly limitMs: number;

  private readonly config: CanaryConfig;

  constructor(config: CanaryConfig) {
    this.config = config;
    this.limitMs = drainLimitMs(config.proxy.drainMs, process.env);
  }

  /** Is at the holder's service. */
  begin(): void {
    process.on('message', (message, handle) => this.onMessage(message as ToWorker, handle));
    process.on('disconnect', () => void this.end('the loss of the holder'));
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.on(signal, () => void this.end(signal));
    tell({ kind: 'loaded', drainLimitMs: this.limitMs });
  }

  private onMessage(message: ToWorker, handle: unknown): void {
    switch (message.kind) {
      case 'serve':
        this.starterPid = message.starterPid;
        return void this.serve().catch(fail);
      case 'bound':
        return this.doors.answered(message.address, message.problem, handle ?? undefined);
      case 'replacing':
        return this.onReplacing?.(message.problem);
      case 'retire':
        return void this.end('the holder');
    }
  }

  private async serve(): Promise<void> {
    createHome(home);
    const { config, doors } = this;
    const succession = {
      isOrphan: () => isOrphan(this.starterPid),
      giveWay: () => void process.kill(process.connected ? process.ppid : process.pid, 'SIGTERM'),
      replace: () => this.replace(),
    };
    this.proxy = new Proxy({ config, home, clock: systemClock, log, doors, succession });
    await this.proxy.open();
    this.isServing = true;
    tell({ kind: 'serving' });
  }

  /** Asks the holder for a successor; who asks meanwhile is told the same. */
  private replace(): Promise<string | null> {
    this.replacing ??= new Promise((resolve) => {
      this.onReplacing = (problem) => {
        this.replacing = null;
        resolve(problem);
      };
      tell({ kind: 'replace' });
    });
    return this.replacing;
  }

  private async end(by: string): Promise<void> {
    if (this.isEnding) return;
    this.isEnding = true;
    // Nothing is carried yet.
    if (!this.isServing) process.exit(0);
    const { limitMs } = this;
    log.info({ by, limitMs }, 'draining: calls under way may finish');
    await this.proxy?.close(limitMs);
    log.info('closed');
    // What still sleeps before its next try would keep the process, and the successor waits for its end.
    process.exit(0);
  }
}

function tell(message: FromWorker): void {
  if (process.connected) process.send?.(message);
}

/** Nobody looks after this process: its holder is gone, or is an orphan itself. */
function isOrphan(starterPid: number): boolean {
  return !process.connected || parentOf(process.ppid) !== starterPid;
}

/** Null when there is no such process (proc(5), stat). */
function parentOf(pid: number): number | null {
  try {
    const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
    return Number(rest.split(' ')[1]);
  } catch {
    return null;
  }
}

function fail(error: unknown): void {
  log.fatal(messageOf(error));
  // What has been opened would keep half a proxy running.
  process.exit(1);
}

const command = new Command('canary-proxy')
  .description('The data plane: splits agents between main and canary, and keeps their sessions.')
  .option('--config <file>', 'the configuration (default: as `canary validate` finds it)')
  .parse();
const { config: flag } = command.opts<{ config?: string }>();
const request = { flag, env: process.env, cwd: process.cwd(), homeDir: home.dir };
const read = readConfig(request, { color: process.stderr.isTTY });
if (read.ok) {
  new Worker(read.config).begin();
} else {
  process.stderr.write(`${read.message}\n`);
  process.exitCode = 2;
  process.disconnect();
}
