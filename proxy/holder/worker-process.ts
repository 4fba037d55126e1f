/** A worker, as its holder sees it. */
import { fork, type ChildProcess } from 'node:child_process';
import type { Server } from 'node:net';
import type { FromWorker, ToWorker } from './messages.js';

/** How long a worker may take to load, on a busy machine. */
const LOAD_TIMEOUT_MS = 60_000;
/** Beyond the drain's limit, for one that does not end. */
const END_MARGIN_MS = 5_000;

export interface WorkerCommand {
  readonly script: string;
  readonly args: readonly string[];
}

export class WorkerProcess {
  /** True when it has loaded its program and configuration, false when it ended before, or was ended. */
  readonly loaded: Promise<boolean>;
  /** Its exit code; 1 when there is none. */
  readonly ended: Promise<number>;

  private readonly child: ChildProcess;
  private drainLimitMs = 0;
  private served = false;

  constructor({ script, args }: WorkerCommand, onMessage: (message: FromWorker) => void) {
    this.child = fork(script, args);
    this.ended = new Promise((resolve) => {
      this.child.once('exit', (code) => resolve(code ?? 1));
      this.child.on('error', () => {
        if (this.child.pid === undefined) resolve(1);
      });
    });
    const timer = setTimeout(() => this.kill(), LOAD_TIMEOUT_MS);
    this.loaded = new Promise((resolve) => {
      this.child.on('message', (message) => {
        const told = message as FromWorker;
        if (told.kind === 'loaded') {
          this.drainLimitMs = told.drainLimitMs;
          clearTimeout(timer);
          resolve(true);
        } else if (told.kind === 'serving') this.served = true;
        onMessage(told);
      });
      void this.ended.then(() => {
        clearTimeout(timer);
        resolve(false);
      });
    });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** It has served, or still does. */
  get hasServed(): boolean {
    return this.served;
  }

  /** One that is gone needs to know nothing. */
  tell(message: ToWorker, handle?: Server): void {
    if (this.child.connected) this.child.send(message, handle, () => undefined);
  }

  /** Has it drain and end, in its time. */
  retire(): void {
    this.tell({ kind: 'retire' });
    const timer = setTimeout(() => this.kill(), this.drainLimitMs + END_MARGIN_MS);
    void this.ended.then(() => clearTimeout(timer));
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}
