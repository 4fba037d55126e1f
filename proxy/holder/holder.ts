/**
 * The process that PM2 runs. It holds the ports and nothing else; its worker, the proxy proper,
 * listens on them and can be replaced without a refused connection:
 *
 * 1. A new worker is loaded first, program and configuration. If it cannot be, the old one stays.
 * 2. The old one drains and ends. Only then does the new one read the store, so that at no time two
 *    write it. Connections wait in the sockets' queues for that moment.
 * 3. A worker that dies is replaced at once. One that dies before any has served, and too many in a
 *    row, end the holder: that is for PM2 to see.
 */
import type { Clock } from '../../common/clock.js';
import type { Logger } from '../../common/log.js';
import { HeldPorts } from './held-ports.js';
import { addressKey, type FromWorker } from './messages.js';
import { WorkerProcess, type WorkerCommand } from './worker-process.js';

const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 5_000;
/** So many workers may fail in a row: somewhat more than a quarter of a minute. */
const MAX_FAILURES = 10;

export interface HolderParts {
  readonly command: WorkerCommand;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Holder {
  private readonly parts: HolderParts;
  private readonly ports = new HeldPorts();
  /** The ports that the present worker has asked for. */
  private wanted = new Set<string>();
  private worker: WorkerProcess | null = null;
  private successor: WorkerProcess | null = null;
  private readonly ending = new AbortController();

  constructor(parts: HolderParts) {
    this.parts = parts;
  }

  /** Has a worker serve until `stop`, or until there is no use in it; gives the exit code. */
  async run(): Promise<number> {
    // The first one has to serve: a bad configuration does not get better by trying.
    let failures = MAX_FAILURES;
    while (!this.isEnding()) {
      const worker = this.successor ?? this.hire();
      this.successor = null;
      this.worker = worker;
      const code = await this.employ(worker);
      failures = worker.hasServed ? 0 : failures + 1;
      if (failures > MAX_FAILURES) return this.isEnding() ? 0 : code;
      await this.pause(worker, code, failures);
    }
    return 0;
  }

  /** Replaces the worker. Gives why not, null when the new one takes over. */
  async replace(): Promise<string | null> {
    const old = this.worker;
    if (this.isEnding() || this.successor !== null || old?.hasServed !== true)
      return 'it is starting, ending or being replaced already';
    const successor = this.hire();
    this.successor = successor;
    if (!(await successor.loaded)) {
      if (this.successor === successor) this.successor = null;
      return `the new one ended before it served (exit code ${await successor.ended}), the old one stays; the log of canary-proxy says why`;
    }
    this.parts.log.info({ from: old.pid, to: successor.pid }, 'a new worker takes over');
    old.retire();
    return null;
  }

  /** Ends in good order: the worker drains. */
  stop(): void {
    if (this.isEnding()) return;
    this.ending.abort();
    this.successor?.kill();
    this.worker?.retire();
  }

  private isEnding(): boolean {
    return this.ending.signal.aborted;
  }

  private hire(): WorkerProcess {
    const worker = new WorkerProcess(this.parts.command, (message) => {
      void this.onMessage(worker, message);
    });
    return worker;
  }

  /** Has it serve once it is loaded; gives its exit code. */
  private async employ(worker: WorkerProcess): Promise<number> {
    this.wanted = new Set();
    if ((await worker.loaded) && !this.isEnding())
      worker.tell({ kind: 'serve', starterPid: process.ppid });
    return worker.ended;
  }

  /** Before another one is hired; a successor that is there already is not let wait. */
  private async pause({ pid }: WorkerProcess, code: number, failures: number): Promise<void> {
    if (this.successor !== null || this.isEnding()) return;
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** failures, MAX_PAUSE_MS);
    this.parts.log.error({ worker: pid, code, pauseMs }, 'the worker ended, starting another');
    await this.parts.clock.sleep(pauseMs, this.ending.signal);
  }

  private async onMessage(worker: WorkerProcess, message: FromWorker): Promise<void> {
    switch (message.kind) {
      case 'loaded':
        return;
      case 'serving':
        return this.ports.keepOnly(this.wanted);
      case 'bind': {
        const { address } = message;
        this.wanted.add(addressKey(address));
        const held = await this.ports.hold(address);
        if (held.kind === 'held')
          worker.tell({ kind: 'bound', address, problem: null }, held.handle);
        else worker.tell({ kind: 'bound', address, problem: held.reason });
        return;
      }
      case 'release':
        return this.ports.release(message.address);
      case 'replace':
        return worker.tell({ kind: 'replacing', problem: await this.replace() });
    }
  }
}
