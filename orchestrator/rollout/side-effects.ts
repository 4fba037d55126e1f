/**
 * What would be done twice while main and its canary (and a baseline) run at the same time: warnings
 * of a plan, each with the way out (pure). They are guesses by name, so nothing is refused for them.
 */
import type { ServiceConfig } from '../../config/types.js';
import type { App } from '../process-manager.js';
import type { AppSpec } from '../pm2/spec.js';

/** `--pidfile /run/x.pid`, `--lock-file=...`, `--unix-socket ...`: what two instances would share. */
const FILE_FLAG = /^--?(?:pid|lock|socket|unix-socket)(?:[-_]?(?:file|path))?(?:=|$)/i;
const FILE_KEY = /(?:^|_)(?:PID|LOCK)_?(?:FILE|PATH)$|(?:^|_)SOCKET_?(?:FILE|PATH)$/i;
/** Variables by which apps are told to do what only one may do. */
const ONCE_KEY =
  /(?:^|_)(?:SCHEDULERS?|CRON|CRONJOBS?|JOBS|WORKERS?|CONSUMERS?|POLLING|LEADER)(?:_|$)/i;
const OFF = /^(?:|0|false|off|no|none|disabled)$/i;

/** One sentence a finding. `release` is what the canary runs, before its own port and environment. */
export function sideEffectWarnings(
  main: App,
  release: AppSpec,
  config: ServiceConfig,
): readonly string[] {
  return [
    ...settingsOf(main),
    ...sharedFiles(release, config),
    ...fixedPort(release, config),
    ...doneTwice(release, config),
  ];
}

function settingsOf(main: App): readonly string[] {
  const warnings: string[] = [];
  if (main.hasCron) {
    warnings.push(
      'main has a cron_restart, which goes on during the rollout; the canary gets none',
    );
  }
  if (main.hasWatch) {
    warnings.push(
      'main has watch: files that change restart it during the rollout; the canary gets none',
    );
  }
  if (main.execMode === 'cluster') {
    warnings.push(
      'main is in cluster mode: the canary is one more worker, and sees itself as the first (NODE_APP_INSTANCE)',
    );
  }
  return warnings;
}

function sharedFiles({ args, interpreterArgs, env }: AppSpec, config: ServiceConfig): string[] {
  const flags = [...interpreterArgs, ...args].filter((arg) => FILE_FLAG.test(arg));
  const keys = Object.keys(env).filter((key) => FILE_KEY.test(key) && !(key in config.canaryEnv));
  return [
    ...flags.map(
      (flag) => `the arguments have ${nameOf(flag)}: main and canary would share that file`,
    ),
    ...keys.map(
      (key) =>
        `the environment has ${key}: main and canary would share that file; canaryEnv can set another`,
    ),
  ];
}

/** Only the name: what follows it may be anything. */
function nameOf(flag: string): string {
  return flag.split('=')[0] ?? flag;
}

/** Main's port in a place that is not changed for the canary. */
function fixedPort({ args, env }: AppSpec, config: ServiceConfig): string[] {
  const { portFrom, stable, canaryEnv } = config;
  const port = String(stable.port);
  const from = portFrom.kind === 'env' ? `env:${portFrom.name}` : `arg:${portFrom.flag}`;
  const isPort = (text: string): boolean => text.split(/[^0-9]+/).includes(port);
  const inArgs = portFrom.kind === 'env' && args.some(isPort);
  const keys = Object.entries(env)
    .filter(([key, value]) => isPort(value) && !(key in canaryEnv))
    .map(([key]) => key)
    .filter((key) => portFrom.kind !== 'env' || key !== portFrom.name);
  const lock = `the canary would find main's port ${port} taken if it listens by that instead of ${from}`;
  return [
    ...(inArgs ? [`the arguments name main's port: ${lock}`] : []),
    ...keys.map((key) => `the environment names main's port in ${key}: ${lock}`),
  ];
}

function doneTwice({ env }: AppSpec, { canaryEnv, baseline }: ServiceConfig): string[] {
  const times = baseline === null ? 'twice' : 'three times (main, canary, baseline)';
  return Object.entries(env)
    .filter(([key, value]) => ONCE_KEY.test(key) && !OFF.test(value) && !(key in canaryEnv))
    .map(
      ([key]) =>
        `the environment has ${key}: what it switches on runs ${times} during the rollout; canaryEnv can switch it off`,
    );
}
