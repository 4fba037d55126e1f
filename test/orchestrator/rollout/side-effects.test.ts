import { expect, test } from 'vitest';
import type { ServiceConfig } from '../../../config/types.js';
import { AppView } from '../../../orchestrator/pm2/app.js';
import { sideEffectWarnings } from '../../../orchestrator/rollout/side-effects.js';
import { service } from './simulation.js';

const PORT = String(service.stable.port);

interface App {
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

function warnings({ settings, env, args }: App, config: Partial<ServiceConfig> = {}): string {
  const entry = { env: { PORT, ...env }, args, exec_mode: 'fork_mode', ...settings };
  const main = new AppView({ name: 'scraper', pm_id: 0, pm2_env: entry });
  return sideEffectWarnings(main, main.spec, { ...service, ...config }).join('\n');
}

test('an ordinary app has none', () => {
  const env = { NODE_ENV: 'production', TOKEN: 'x', WORKERS: '0', SCHEDULER: 'off' };
  expect(warnings({ env, args: ['--verbose'] })).toBe('');
});

test.each<readonly [string, App, RegExp]>([
  ['cron_restart', { settings: { cron_restart: '0 3 * * *' } }, /cron_restart/],
  ['watch', { settings: { watch: true } }, /watch/],
  ['cluster mode', { settings: { exec_mode: 'cluster_mode' } }, /cluster mode/],
  ['a pid file', { args: ['--pidfile', '/run/secret.pid'] }, /--pidfile: main and canary/],
  ['a lock file', { args: ['--lock-file=/run/secret.lock'] }, /have --lock-file:/],
  ['a socket', { env: { APP_SOCKET_PATH: '/run/secret' } }, /APP_SOCKET_PATH/],
  ['the port in an argument', { args: [`--listen=0.0.0.0:${PORT}`] }, /port 10002 taken/],
  ['the port in another variable', { env: { HTTP_PORT: PORT } }, /in HTTP_PORT/],
  ['a scheduler', { env: { SCHEDULER: 'secret' } }, /SCHEDULER: what it switches on runs twice/],
])('%s is warned of, without values', (_, app, sentence) => {
  expect(warnings(app)).toMatch(sentence);
  expect(warnings(app)).not.toContain('secret');
});

test('what canaryEnv sets is not warned of', () => {
  const env = { SCHEDULER: 'on', LOCK_FILE: '/run/lock', HTTP_PORT: PORT };
  const canaryEnv = { SCHEDULER: 'off', LOCK_FILE: '/run/lock-canary', HTTP_PORT: '10003' };
  expect(warnings({ env }, { canaryEnv })).toBe('');
});

test('an argument with the port is changed for the canary by portFrom', () => {
  const config: Partial<ServiceConfig> = { portFrom: { kind: 'arg', flag: '--port' } };
  expect(warnings({ args: ['--port', PORT], env: { PORT: '1' } }, config)).toBe('');
});

test('a baseline makes three', () => {
  const baseline = { app: 'b', at: { host: '127.0.0.1', port: 1 } };
  expect(warnings({ env: { CRON_JOBS: 'on' } }, { baseline })).toContain('three times');
});
