/**
 * An app as PM2 lists it. Its environment holds secrets, so it is reached by getters only: an
 * `AppView` in a log line, an error or a JSON answer shows none of it.
 */
import type { App } from '../process-manager.js';
import { numeric, text, type Pm2Env } from './pm2-env.js';
import { ROLLOUT_KEY, specOf, type AppSpec } from './spec.js';

/** One entry of the daemon's answer to `getMonitorData`. */
export interface MonitorEntry {
  readonly pid?: number;
  readonly name: string;
  readonly pm_id: number;
  readonly pm2_env: Pm2Env;
}

export class AppView implements App {
  readonly pmId: number;
  readonly name: string;
  readonly namespace: string;
  /** PM2 makes a new one whenever an app is created, also when a dump is restored. */
  readonly uniqueId: string;
  readonly pid: number | null;
  /** PM2's word: online, launching, stopping, stopped, errored, waiting restart. It proves nothing. */
  readonly status: string;
  readonly restarts: number;
  readonly startedAtMs: number;
  /**
   * When PM2 was last told to start it, Unix milliseconds. A restart after a crash leaves it as it is
   * (God.resetState of PM2). Null when PM2 has given the app up.
   */
  readonly orderedAtMs: number | null;
  readonly restartsByItself: boolean;
  readonly hasCron: boolean;
  readonly hasWatch: boolean;
  readonly execMode: 'fork' | 'cluster';
  /** As configured; the instances themselves are one `AppView` each. */
  readonly instances: number;
  /** PM2's own memory limit (max_memory_restart), null without one. */
  readonly memoryLimitBytes: number | null;
  readonly outLogPath: string;
  readonly errLogPath: string;
  readonly exitCode: number | null;
  /** Its `uid`, as it is written; null: the daemon's user. */
  readonly user: string | null;
  /** Its setting PATH: what a process gets when its environment was reduced to what is configured. */
  readonly searchPath: string;
  readonly rollout: string | null;
  readonly #pm2Env: Pm2Env;

  constructor(entry: MonitorEntry) {
    const env = entry.pm2_env;
    this.pmId = entry.pm_id;
    this.name = entry.name;
    this.namespace = text(env['namespace']) || 'default';
    this.uniqueId = text(env['unique_id']);
    this.pid = entry.pid || null;
    this.status = statusOf(text(env['status']), this.pid);
    this.restarts = numeric(env['restart_time']) ?? 0;
    this.startedAtMs = numeric(env['pm_uptime']) ?? 0;
    this.orderedAtMs = numeric(env['created_at']);
    this.hasCron = Boolean(env['cron_restart']);
    this.hasWatch = Boolean(env['watch']);
    this.restartsByItself = this.hasCron || this.hasWatch;
    this.execMode = env['exec_mode'] === 'cluster_mode' ? 'cluster' : 'fork';
    this.instances = numeric(env['instances']) ?? 1;
    this.memoryLimitBytes = numeric(env['max_memory_restart']);
    this.outLogPath = text(env['pm_out_log_path']);
    this.errLogPath = text(env['pm_err_log_path']);
    this.exitCode = typeof env['exit_code'] === 'number' ? env['exit_code'] : null;
    const user = env['uid'];
    this.user = typeof user === 'string' || typeof user === 'number' ? String(user) || null : null;
    this.searchPath = text(env['PATH']);
    this.rollout = text(env[ROLLOUT_KEY]) || null;
    this.#pm2Env = env;
  }

  /** What it runs. Secret. */
  get spec(): AppSpec {
    return specOf(this.#pm2Env);
  }

  /** All that PM2 knows. Secret. */
  get pm2Env(): Pm2Env {
    return this.#pm2Env;
  }
}

/**
 * PM2 says "stopped" also in the moment between an exit and its own restart. What it leaves stopped
 * has lost its pid by then (God.handleExit of PM2).
 */
function statusOf(word: string, pid: number | null): string {
  return word === 'stopped' && pid !== null ? 'waiting restart' : word;
}
