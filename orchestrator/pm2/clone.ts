/**
 * From an app as PM2 holds it, the two orders that change what runs: a second app like it (the
 * canary), and another spec for the app itself. Pure.
 *
 * The environment as it was configured cannot be recovered from PM2, so a clone takes everything
 * over, less what belongs to the one app (`APP_KEYS`).
 */
import { dirname, join } from 'node:path';
import type { PortFrom } from '../../config/types.js';
import type { Pm2Env } from './pm2-env.js';
import {
  applyRelease,
  reservedKeys,
  ROLLOUT_KEY,
  specOf,
  withPort,
  type AppSpec,
  type ReleaseChange,
} from './spec.js';

/**
 * Counters, ids and measurements of one app, and what would start it at other times. With a delay
 * PM2 calls an app that ended `waiting restart`, also one that it never restarts (God.handleExit).
 */
const APP_KEYS = `pm_id unique_id created_at pm_uptime restart_time unstable_restarts status
  axm_actions axm_monitor axm_options axm_dynamic version versioning vizion_running
  prev_restart_delay exit_code node_version km_link _pm2_version cron_restart watch
  restart_delay exp_backoff_restart_delay`.split(/\s+/);

export interface CanaryRequest {
  readonly name: string;
  /** The rollout's mark: goes into the canary's environment as CANARY_ROLLOUT. */
  readonly rollout: string;
  readonly release: ReleaseChange;
  readonly port: number;
  readonly portFrom: PortFrom;
  /** Environment of the canary only. */
  readonly env: Readonly<Record<string, string>>;
}

/** The spec that a canary of main runs with: the release on its own port, marked as a canary. */
export function canarySpec(main: AppSpec, request: CanaryRequest): AppSpec {
  const released = applyRelease(main, request.release);
  const spec = withPort(released, request.portFrom, request.port);
  return { ...spec, env: { ...spec.env, ...request.env, [ROLLOUT_KEY]: request.rollout } };
}

/**
 * The canary as an argument of the daemon's `prepare`: main's settings (user, limits, mode, stop and
 * ready times, namespace), with its own name, logs and spec; never restarted by itself.
 */
export function canaryEntry(main: Pm2Env, request: CanaryRequest): Pm2Env {
  const to = canarySpec(specOf(main), request);
  const own = [...APP_KEYS, String(main['name']), String(main['instance_var'])];
  const env = envFor(main, to);
  return {
    ...without(main, [...own, ...removedKeys(main, to)]),
    ...command(main, to),
    ...(main['port'] === undefined ? {} : { port: request.port }),
    ...files(main, request.name),
    name: request.name,
    autorestart: false,
    autostart: true,
    env: without(env, [...reservedKeys(env), String(main['name']), String(main['instance_var'])]),
  };
}

/**
 * The `current_conf` that makes `restartProcessId` run another spec. PM2 deletes what is set to the
 * string `null`: a removed variable must go from the settings too, where PM2 had copied it.
 */
export function respecConf(app: Pm2Env, to: AppSpec): Pm2Env {
  const run = command(app, to);
  return {
    ...Object.fromEntries(removedKeys(app, to).map((key) => [key, 'null'])),
    ...run,
    env: without(envFor(app, to), Object.keys(run)),
  };
}

function removedKeys(app: Pm2Env, to: AppSpec): string[] {
  return Object.keys(specOf(app).env).filter((key) => !(key in to.env));
}

/** The app's environment with the spec's; unchanged values keep the type in which PM2 had them. */
function envFor(app: Pm2Env, to: AppSpec): Pm2Env {
  const before = specOf(app).env;
  const changed = Object.entries(to.env).filter(([key, value]) => before[key] !== value);
  return {
    ...without((app['env'] ?? {}) as Pm2Env, removedKeys(app, to)),
    ...Object.fromEntries(changed),
  };
}

function without(env: Pm2Env, keys: readonly string[]): Pm2Env {
  return Object.fromEntries(Object.entries(env).filter(([key]) => !keys.includes(key)));
}

function command(app: Pm2Env, to: AppSpec): Pm2Env {
  return {
    pm_exec_path: to.script,
    pm_cwd: to.cwd,
    ...(app['cwd'] === undefined ? {} : { cwd: to.cwd }),
    exec_interpreter: to.interpreter,
    node_args: to.interpreterArgs,
    args: to.args,
  };
}

/** Logs and pid file of its own, next to main's; what main throws away the canary does too. */
function files(main: Pm2Env, name: string): Pm2Env {
  const base = name.replace(/[^a-zA-Z0-9.-]/g, '-');
  const names = {
    pm_out_log_path: `${base}-out.log`,
    pm_err_log_path: `${base}-error.log`,
    pm_log_path: `${base}.log`,
    pm_pid_path: `${base}.pid`,
  };
  const own = Object.entries(names).flatMap(([key, file]) => {
    const path = main[key];
    if (typeof path !== 'string') return [];
    return [[key, path === 'NULL' || path === '/dev/null' ? path : join(dirname(path), file)]];
  });
  const paths = Object.fromEntries(own) as Record<string, string>;
  if (main['pm_err_log_path'] === main['pm_out_log_path'])
    return { ...paths, pm_err_log_path: paths['pm_out_log_path'] };
  return paths;
}
