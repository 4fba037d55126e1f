/**
 * What makes a release: the command that PM2 runs, where, and with which environment. Pure.
 *
 * An `AppSpec` holds the app's environment, secrets included: it is stored and compared, never
 * logged or shown. What may be shown is `diffSpec`.
 */
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { escapeRegExp } from '../../common/escape-regexp.js';
import type { PortFrom } from '../../config/types.js';
import { text, texts, type Pm2Env } from './pm2-env.js';
import { because } from '../refusals.js';

export interface AppSpec {
  /** Absolute path (PM2's pm_exec_path). */
  readonly script: string;
  /** Absolute path (pm_cwd). */
  readonly cwd: string;
  /** A command or a path; `none` when the script is run by itself. */
  readonly interpreter: string;
  /** Arguments of the interpreter, before the script (node_args). */
  readonly interpreterArgs: readonly string[];
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What a release changes. What is not named stays as main has it. */
export interface ReleaseChange {
  /** Relative to the (new) cwd. */
  readonly script?: string;
  readonly cwd?: string;
  readonly interpreter?: string;
  readonly interpreterArgs?: readonly string[];
  readonly args?: readonly string[];
  /** Merged into main's; null removes a key. */
  readonly env?: Readonly<Record<string, string | null>>;
}

/** The marker in a canary's environment that tells which rollout it belongs to. */
export const ROLLOUT_KEY = 'CANARY_ROLLOUT';

/**
 * PM2 lays an app's environment over its own settings, so these keys in an environment would
 * change the app instead (God.executeApp in PM2's lib/God.js).
 */
const PM2_KEYS = new Set(
  `name namespace args node_args exec_interpreter exec_mode env instances status unique_id
  pm_id pm_uptime pm_cwd pm_exec_path pm_pid_path pm_log_path pm_out_log_path pm_err_log_path
  cwd autorestart autostart watch cron_restart uid gid wait_ready listen_timeout kill_timeout
  max_memory_restart max_restarts min_uptime restart_delay restart_time unstable_restarts
  created_at treekill merge_logs instance_var increment_var vizion_running`.split(/\s+/),
);

/** What PM2 would not run as it is written; empty when all is well. */
export function specProblems(spec: AppSpec): string[] {
  const keys = reservedKeys(spec.env);
  return [
    ...keys.map((key) =>
      because(
        'reserved-variable',
        `the environment may not set ${key}: PM2 would take it for a setting`,
      ),
    ),
    // `restartProcessId` deletes each setting that equals 'null', as the list ['null'] does.
    ...(String(spec.args) === 'null'
      ? [because('null-argument', '`null` cannot be the only argument: PM2 drops it')]
      : []),
  ];
}

/** The keys of an environment that PM2 would take for settings of its own. */
export function reservedKeys(env: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(env).filter((key) => PM2_KEYS.has(key));
}

/** The spec of an app that PM2 holds. */
export function specOf(pm2Env: Pm2Env): AppSpec {
  return {
    script: text(pm2Env['pm_exec_path']),
    cwd: text(pm2Env['pm_cwd']),
    interpreter: text(pm2Env['exec_interpreter']),
    interpreterArgs: texts(pm2Env['node_args']),
    args: texts(pm2Env['args']),
    env: configuredEnv(pm2Env),
  };
}

/**
 * The environment that PM2 was given for an app, without PM2's own keys. Only scalars reach a
 * process, and `{app name}: "{}"` is where PM2 keeps the settings of its modules.
 */
function configuredEnv(pm2Env: Pm2Env): Record<string, string> {
  const env = Object.entries(pm2Env['env'] ?? {}) as [string, unknown][];
  return Object.fromEntries(
    env
      .filter(([key]) => !PM2_KEYS.has(key) && key !== pm2Env['name'])
      .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
      .map(([key, value]) => [key, String(value)]),
  );
}

/**
 * The spec after the release's changes. A new script keeps main's interpreter unless that changes too.
 * A new folder takes along what main runs from its own: PM2 holds those paths as absolute ones, and
 * the old code would run in the new folder.
 */
export function applyRelease(spec: AppSpec, change: ReleaseChange): AppSpec {
  const cwd = resolve(spec.cwd, change.cwd ?? '.');
  const moved = (path: string): string =>
    path.startsWith(`${spec.cwd}/`) ? join(cwd, path.slice(spec.cwd.length)) : path;
  const env = Object.entries({ ...spec.env, ...change.env });
  return {
    script: change.script === undefined ? moved(spec.script) : resolve(cwd, change.script),
    cwd,
    interpreter: change.interpreter ?? moved(spec.interpreter),
    interpreterArgs: change.interpreterArgs ?? spec.interpreterArgs,
    args: change.args ?? spec.args,
    env: Object.fromEntries(env.filter((entry): entry is [string, string] => entry[1] !== null)),
  };
}

/**
 * The spec with another port. An argument is changed in each form that names it (`--port 1`,
 * `--port=1`, and inside one string as in `bash -c 'server --port 1'`), or added when there is none.
 */
export function withPort(spec: AppSpec, from: PortFrom, port: number): AppSpec {
  if (from.kind === 'env') return { ...spec, env: { ...spec.env, [from.name]: String(port) } };
  return { ...spec, args: argsWithPort(spec.args, from.flag, port) };
}

function argsWithPort(args: readonly string[], flag: string, port: number): string[] {
  const at = args.indexOf(flag);
  if (at >= 0) return [...args.slice(0, at + 1), String(port), ...args.slice(at + 2)];
  const named = new RegExp(`(^|\\s)(${escapeRegExp(flag)})(=|\\s+)[^\\s;&|]+`);
  if (!args.some((arg) => named.test(arg))) return [...args, flag, String(port)];
  return args.map((arg) =>
    arg.replace(named, (_, lead, name, sep) => `${lead}${name}${sep}${port}`),
  );
}

/** Whether two specs run the same thing. */
export function sameSpec(a: AppSpec, b: AppSpec): boolean {
  return isDeepStrictEqual(a, b);
}

export interface SpecDifference {
  /** `script`, `cwd`, `interpreter`, `interpreterArgs`, `args`, or `env.KEY`. */
  readonly field: string;
  /** Values of the environment are masked: `(absent)` or `(set)`; `(changed)` only as `after`. */
  readonly before: string;
  readonly after: string;
}

/** What differs between two specs, fit to be shown. */
export function diffSpec(a: AppSpec, b: AppSpec): SpecDifference[] {
  const fields = (['script', 'cwd', 'interpreter', 'interpreterArgs', 'args'] as const)
    .map((field) => ({ field, before: shown(a[field]), after: shown(b[field]) }))
    .filter(({ before, after }) => before !== after);
  const env = changedEnvKeys(a, b).map((key) => ({
    field: `env.${key}`,
    before: key in a.env ? '(set)' : '(absent)',
    after: key in a.env ? (key in b.env ? '(changed)' : '(absent)') : '(set)',
  }));
  return [...fields, ...env];
}

function shown(value: string | readonly string[]): string {
  return typeof value === 'string' ? value : value.join(' ');
}

/** The environment's keys that are added, removed or have another value, in order. */
export function changedEnvKeys(a: AppSpec, b: AppSpec): string[] {
  const keys = new Set([...Object.keys(a.env), ...Object.keys(b.env)]);
  return [...keys].filter((key) => a.env[key] !== b.env[key]).sort();
}
