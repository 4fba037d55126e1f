import { describe, expect, test } from 'vitest';
import { canaryEntry, canarySpec, respecConf } from '../../../orchestrator/pm2/clone.js';
import type { Pm2Env } from '../../../orchestrator/pm2/pm2-env.js';
import {
  applyRelease,
  diffSpec,
  specOf,
  specProblems,
  withPort,
  type AppSpec,
} from '../../../orchestrator/pm2/spec.js';

const spec: AppSpec = {
  script: '/srv/app/server.js',
  cwd: '/srv/app',
  interpreter: 'node',
  interpreterArgs: [],
  args: ['--port', '3000'],
  env: { PORT: '3000', TOKEN: 's3cret', MODE: 'a' },
};

/** What a daemon holds for an app, cut down to what matters here. */
const pm2Env: Pm2Env = {
  name: 'app',
  pm_id: 4,
  unique_id: 'u-1',
  pm_exec_path: spec.script,
  pm_cwd: spec.cwd,
  exec_interpreter: 'node',
  node_args: [],
  args: spec.args,
  exec_mode: 'fork_mode',
  instance_var: 'NODE_APP_INSTANCE',
  NODE_APP_INSTANCE: 0,
  port: 3000,
  PORT: 3000,
  TOKEN: 's3cret',
  MODE: 'a',
  wait_ready: true,
  listen_timeout: 900,
  kill_timeout: 700,
  uid: 1000,
  gid: 1000,
  filter_env: ['X'],
  source_map_support: true,
  watch: true,
  cron_restart: '* * * * *',
  pm_out_log_path: '/var/log/app.log',
  pm_err_log_path: '/var/log/app.log',
  pm_pid_path: '/run/app-4.pid',
  env: { PORT: 3000, TOKEN: 's3cret', MODE: 'a', unique_id: 'u-1', app: '{}', name: 'app' },
};

const portFrom = { kind: 'env', name: 'PORT' } as const;
const request = { name: 'app-canary', rollout: 'r1', release: {}, port: 3001, portFrom, env: {} };

test('the spec is what was configured, in text, without PM2’s own keys', () => {
  expect(specOf(pm2Env)).toEqual(spec);
});

describe('a release', () => {
  test('changes what it names, resolves paths, and removes a variable with null', () => {
    const change = {
      cwd: '../app2',
      script: 'main.py',
      interpreter: 'python3',
      env: { MODE: null },
    };
    expect(applyRelease(spec, change)).toEqual({
      ...spec,
      cwd: '/srv/app2',
      script: '/srv/app2/main.py',
      interpreter: 'python3',
      env: { PORT: '3000', TOKEN: 's3cret' },
    });
  });

  test('in another folder runs what lies there, and what lies outside stays', () => {
    const inside = { ...spec, cwd: '/srv/app', script: '/srv/app/dist/main.js' };
    const venv = { ...inside, interpreter: '/srv/app/.venv/bin/python' };
    expect(applyRelease(venv, { cwd: '/srv/app-2' })).toEqual({
      ...venv,
      cwd: '/srv/app-2',
      script: '/srv/app-2/dist/main.js',
      interpreter: '/srv/app-2/.venv/bin/python',
    });
    const outside = { ...inside, script: '/srv/app-shared/main.js', interpreter: 'node' };
    expect(applyRelease(outside, { cwd: '/srv/app-2' })).toEqual({ ...outside, cwd: '/srv/app-2' });
  });

  test('that changes nothing is the same spec', () => {
    expect(applyRelease(spec, {})).toEqual(spec);
  });

  test.each(['name', 'pm_id', 'autorestart', 'env'])('may not set %s for the app', (key) => {
    const problems = specProblems(applyRelease(spec, { env: { [key]: 'x' } }));
    expect(problems).toEqual([expect.stringContaining(`may not set ${key}`)]);
  });
});

describe('a port in arguments', () => {
  const flag = { kind: 'arg', flag: '--port' } as const;
  test.each([
    [
      ['--port', '3000', 'x'],
      ['--port', '9', 'x'],
    ],
    [['--port=3000'], ['--port=9']],
    [
      ['-c', 'server --port 3000 && echo'],
      ['-c', 'server --port 9 && echo'],
    ],
    [
      ['-c', 'a --port=3000;b'],
      ['-c', 'a --port=9;b'],
    ],
    [
      ['--portal', '1'],
      ['--portal', '1', '--port', '9'],
    ],
    [['--port'], ['--port', '9']],
  ])('%j becomes %j', (args, expected) => {
    expect(withPort({ ...spec, args }, flag, 9).args).toEqual(expected);
  });
});

test('what differs is shown without values of the environment', () => {
  const to = applyRelease(spec, { args: ['-v'], env: { TOKEN: 'other', MODE: null, NEW: 'n3w' } });
  const shown = diffSpec(spec, to);
  expect(shown).toEqual([
    { field: 'args', before: '--port 3000', after: '-v' },
    { field: 'env.MODE', before: '(set)', after: '(absent)' },
    { field: 'env.NEW', before: '(absent)', after: '(set)' },
    { field: 'env.TOKEN', before: '(set)', after: '(changed)' },
  ]);
  expect(diffSpec(spec, spec)).toEqual([]);
});

describe('the canary’s entry', () => {
  const entry = canaryEntry(pm2Env, {
    ...request,
    release: { env: { MODE: null } },
    env: { SCHEDULER: 'off' },
  });

  test('keeps how main is run, waited for, limited and stopped', () => {
    for (const key of [
      ...['exec_mode', 'wait_ready', 'listen_timeout', 'kill_timeout', 'uid', 'gid'],
      ...['filter_env', 'source_map_support', 'instance_var', 'TOKEN'],
    ])
      expect(entry).toHaveProperty(key, pm2Env[key]);
  });

  test('has no delay before a restart, with which PM2 never says that it ended', () => {
    const delays = { restart_delay: 100, exp_backoff_restart_delay: 100 };
    const delayed = canaryEntry({ ...pm2Env, ...delays }, request);
    for (const key of Object.keys(delays)) expect(delayed).not.toHaveProperty(key);
  });

  test('has nothing of main’s identity, and nothing that would start it by itself', () => {
    for (const key of ['pm_id', 'unique_id', 'watch', 'cron_restart', 'NODE_APP_INSTANCE', 'MODE'])
      expect(entry).not.toHaveProperty(key);
    expect(entry).toMatchObject({ name: 'app-canary', autorestart: false, port: 3001 });
    expect(entry['env']).toEqual({
      PORT: '3001',
      TOKEN: 's3cret',
      SCHEDULER: 'off',
      CANARY_ROLLOUT: 'r1',
    });
  });

  test('has logs of its own next to main’s, one file if main has one', () => {
    expect(entry).toMatchObject({
      pm_out_log_path: '/var/log/app-canary-out.log',
      pm_err_log_path: '/var/log/app-canary-out.log',
      pm_pid_path: '/run/app-canary.pid',
    });
    const silent = canaryEntry({ ...pm2Env, pm_out_log_path: '/dev/null' }, request);
    expect(silent).toMatchObject({
      pm_out_log_path: '/dev/null',
      pm_err_log_path: '/var/log/app-canary-error.log',
    });
    expect(silent).not.toHaveProperty('pm_log_path');
  });

  test('runs the canary’s spec', () => {
    expect(specOf(canaryEntry(pm2Env, request))).toEqual(canarySpec(spec, request));
  });
});

test('a re-spec removes a variable from the environment and from PM2’s settings', () => {
  const conf = respecConf(pm2Env, applyRelease(spec, { env: { MODE: null, TOKEN: 'new' } }));
  expect(conf).toMatchObject({ MODE: 'null', pm_exec_path: spec.script, args: spec.args });
  expect(conf['env']).toEqual({
    PORT: 3000,
    TOKEN: 'new',
    unique_id: 'u-1',
    app: '{}',
    name: 'app',
  });
});
