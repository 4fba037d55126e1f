import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPm2, type Pm2 } from '../../../orchestrator/pm2/adapter.js';
import type { AppView } from '../../../orchestrator/pm2/app.js';
import type { CanaryRequest } from '../../../orchestrator/pm2/clone.js';
import { applyRelease, withPort } from '../../../orchestrator/pm2/spec.js';
import { askApp, NODE_SERVER, PYTHON_SERVER } from '../../support/apps.js';
import { expectOk } from '../../support/outcome.js';
import { startApp, startPrivatePm2, type PrivatePm2 } from '../../support/pm2-sandbox.js';
import { freePort } from '../../support/ports.js';
import { isRunning } from '../../support/processes.js';
import { waitFor } from '../../support/wait.js';

const ENV_PORT = { kind: 'env', name: 'PORT' } as const;

let sandbox: PrivatePm2;
let pm2: Pm2;

beforeAll(async () => {
  sandbox = await startPrivatePm2({ FROM_SHELL: 'inherited' });
  pm2 = createPm2({ home: sandbox.home, timeoutMs: 5000 });
});
afterAll(() => sandbox.dispose());

interface Main {
  readonly main: AppView;
  readonly port: number;
}

async function startMain(name: string, options: Record<string, unknown> = {}): Promise<Main> {
  const port = await freePort();
  const { env, ...rest } = options;
  await startApp(sandbox, {
    name,
    script: NODE_SERVER,
    kill_timeout: 3000,
    ...rest,
    env: { PORT: port, RELEASE: 'old', ...(env as object | undefined) },
  });
  return { main: expectOk(await pm2.find(name)), port };
}

function request(main: AppView, port: number, more: Partial<CanaryRequest> = {}): CanaryRequest {
  return {
    name: `${main.name}-canary`,
    rollout: 'r1',
    release: {},
    port,
    portFrom: ENV_PORT,
    env: {},
    ...more,
  };
}

describe('a canary', () => {
  test('has main’s environment and settings, but for its port, name, marker and release', async () => {
    const { main } = await startMain('faithful', {
      args: ['--verbose', 'two words'],
      namespace: 'team',
      max_memory_restart: '300M',
      listen_timeout: 1234,
      node_args: ['--no-warnings'],
      cron_restart: '0 0 1 1 *',
      env: { NUMBER: 5, FLAG: true, SECRET: 's3cret' },
    });
    const mainAnswer = await askApp(Number(main.spec.env['PORT']));
    const port = await freePort();
    const canary = expectOk(
      await pm2.startCanary(main, request(main, port, { release: { env: { RELEASE: 'new' } } })),
    );
    const answer = await askApp(port);

    expect(answer.args).toEqual(mainAnswer.args);
    expect(answer.cwd).toBe(mainAnswer.cwd);
    const differs = Object.keys({ ...answer.env, ...mainAnswer.env }).filter(
      (key) => answer.env[key] !== mainAnswer.env[key],
    );
    expect(differs.sort()).toEqual(
      [
        ...['CANARY_ROLLOUT', 'PORT', 'RELEASE', 'name', 'autorestart', 'cron_restart'],
        ...['created_at', 'pm_uptime', 'pm_id', 'unique_id', 'faithful', 'km_link'],
        ...['pm_out_log_path', 'pm_err_log_path', 'pm_pid_path'],
      ].sort(),
    );
    expect(canary).toMatchObject({
      namespace: 'team',
      memoryLimitBytes: 300 * 1024 * 1024,
      rollout: 'r1',
    });
    expect(canary.pm2Env).toMatchObject({ listen_timeout: 1234, kill_timeout: 3000 });
    expect(canary.uniqueId).not.toBe(main.uniqueId);
    expect(dirname(canary.outLogPath)).toBe(dirname(main.outLogPath));
    expect(basename(canary.outLogPath)).toBe('faithful-canary-out.log');
  });

  test('is started once by a rollout, and its name is not taken from anybody', async () => {
    const { main } = await startMain('once');
    const port = await freePort();
    const wanted = request(main, port);
    const [first, second] = await Promise.all([
      pm2.startCanary(main, wanted),
      pm2.startCanary(main, wanted),
    ]);
    expect(expectOk(second).pid).toBe(expectOk(first).pid);

    const other = request(main, port, { rollout: 'r2' });
    expect(await pm2.startCanary(main, other)).toMatchObject({ kind: 'refused' });
  });

  test('runs from folders with spaces, under a name with odd characters', async () => {
    const folder = join(sandbox.dir, 'with spaces & ünïcode');
    mkdirSync(folder);
    writeFileSync(join(folder, 'my server.mjs'), readFileSync(NODE_SERVER));
    const { main } = await startMain('my app: “v1”');
    const port = await freePort();
    const release = { cwd: folder, script: 'my server.mjs', args: ['a b', '"c"', '$D'] };
    const wanted = request(main, port, { release });
    const canary = expectOk(await pm2.startCanary(main, wanted));
    expect(await askApp(port)).toMatchObject({ cwd: folder, args: ['a b', '"c"', '$D'] });
    expect(expectOk(await pm2.remove(canary))).toBeNull();
  });

  test('works in cluster mode with one instance', async () => {
    const { main } = await startMain('clustered', { exec_mode: 'cluster', instances: 1 });
    const port = await freePort();
    const release = { env: { RELEASE: 'new' } };
    expectOk(await pm2.startCanary(main, request(main, port, { release })));
    expect((await askApp(port)).release).toBe('new');
    expect((await askApp(Number(main.spec.env['PORT']))).release).toBe('old');
  });

  test.each([
    ['a missing interpreter', { interpreter: '/no/such/interpreter' }],
    ['a missing cwd', { cwd: '/no/such/folder', script: NODE_SERVER }],
  ])('that PM2 cannot spawn for %s is a failure, not online', async (what, release) => {
    const { main } = await startMain(`spawn: ${what}`);
    const wanted = request(main, await freePort(), { release });
    expect(await pm2.startCanary(main, wanted)).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('no process') as string,
    });
  });

  test('that is removed is gone with its process, and removing it again is ok', async () => {
    const { main } = await startMain('removed');
    const port = await freePort();
    const canary = expectOk(await pm2.startCanary(main, request(main, port)));
    expect(expectOk(await pm2.remove(canary))).toBeNull();
    expect(isRunning(canary.pid!)).toBe(false);
    expect(await pm2.find(canary.name)).toMatchObject({ kind: 'gone' });
    expect(expectOk(await pm2.remove(canary))).toBeNull();
  });

  test('whose name is main’s namespace does not take main along when it is removed', async () => {
    const { main } = await startMain('trapped', { namespace: 'trapped-canary' });
    const port = await freePort();
    const canary = expectOk(await pm2.startCanary(main, request(main, port)));
    expectOk(await pm2.remove(canary));
    expectOk(await pm2.remove(canary));
    expect(expectOk(await pm2.find('trapped')).pid).toBe(main.pid);
  });
});

describe('a re-spec', () => {
  test.each([
    ['script', { script: PYTHON_SERVER, interpreter: 'python3' }],
    ['args', { args: ['--x', 'y z'] }],
    ['no args', { args: [] }],
    ['environment', { env: { RELEASE: 'new', ADDED: 'null', EXTRA: null } }],
    ['interpreter arguments', { interpreterArgs: ['--no-warnings'] }],
    ['nothing but a restart', {}],
  ])('of %s is what the same app then runs', async (what, change) => {
    const { main, port } = await startMain(`respec ${what}`, {
      args: ['--old'],
      env: { EXTRA: 'extra' },
    });
    const old = await askApp(port);
    const to = applyRelease(main.spec, change);

    const after = expectOk(await pm2.respec(main, to));

    const answer = await askApp(port, ({ pid }) => pid !== old.pid);
    expect(answer.args).toEqual(to.args);
    expect(answer.cwd).toBe(to.cwd);
    expect(answer.release).toBe(to.env['RELEASE']);
    expect(answer.env['ADDED']).toBe(to.env['ADDED']);
    expect(answer.env['EXTRA']).toBe(to.env['EXTRA']);
    expect(answer.env['FROM_SHELL']).toBe('inherited');
    expect(answer.env['pm_exec_path']).toBe(to.script);
    const { pmId, uniqueId, outLogPath, errLogPath } = main;
    expect(after).toMatchObject({ pmId, uniqueId, outLogPath, errLogPath, restarts: 1 });
    expect(after.spec).toEqual(to);
    expect(after.pid).not.toBe(main.pid);
  });

  test('is taken back by a re-spec to the old spec', async () => {
    const { main, port } = await startMain('back and forth', { env: { EXTRA: 'extra' } });
    const to = applyRelease(main.spec, { args: ['new'], env: { EXTRA: null, ADDED: 'x' } });
    const forth = expectOk(await pm2.respec(main, to));
    const back = expectOk(await pm2.respec(forth, main.spec));
    const answer = await askApp(port, ({ env }) => env['EXTRA'] === 'extra');
    expect(answer.env['ADDED']).toBeUndefined();
    expect(back.spec).toEqual(main.spec);
  });

  test('to another cwd of an app that has one configured', async () => {
    const { main, port } = await startMain('moving', { cwd: sandbox.dir });
    expectOk(await pm2.respec(main, applyRelease(main.spec, { cwd: sandbox.home })));
    expect((await askApp(port)).cwd).toBe(sandbox.home);
  });

  test('of an app in cluster mode keeps its port', async () => {
    const { main, port } = await startMain('cluster respec', {
      exec_mode: 'cluster',
      instances: 1,
    });
    const python = applyRelease(main.spec, { interpreter: 'python3' });
    expect(await pm2.respec(main, python)).toMatchObject({ kind: 'refused' });
    const to = applyRelease(main.spec, { args: ['new'], env: { RELEASE: 'new' } });
    const after = expectOk(await pm2.respec(main, to));
    expect(after.pmId).toBe(main.pmId);
    expect(await askApp(port, ({ release }) => release === 'new')).toMatchObject({ args: ['new'] });
  });

  test('with what PM2 would drop or take for a setting is refused', async () => {
    const { main } = await startMain('refusing');
    const changes = [{ args: ['null'] }, { env: { name: 'other' } }];
    for (const change of changes)
      expect(await pm2.respec(main, applyRelease(main.spec, change))).toMatchObject({
        kind: 'refused',
      });
    expect(expectOk(await pm2.find('refusing')).pid).toBe(main.pid);
  });

  test('to an interpreter that does not exist is a failure, and can be taken back', async () => {
    const { main, port } = await startMain('bad interpreter');
    const to = applyRelease(main.spec, { interpreter: '/no/such/interpreter' });
    expect(await pm2.respec(main, to)).toMatchObject({ kind: 'failed' });
    expectOk(await pm2.respec(main, main.spec));
    expect((await askApp(port)).release).toBe('old');
  });

  test('of an app that waits for its next restart', async () => {
    const port = await freePort();
    const crasher = join(sandbox.dir, 'crash.mjs');
    writeFileSync(crasher, 'process.exit(1)');
    const env = { PORT: port };
    await startApp(sandbox, { name: 'waiting', script: crasher, restart_delay: 60_000, env });
    const main = await waitFor(
      async () => {
        const app = expectOk(await pm2.find('waiting'));
        return app.status === 'waiting restart' ? app : null;
      },
      { what: 'PM2 to wait before it restarts the app' },
    );
    expectOk(await pm2.respec(main, applyRelease(main.spec, { script: NODE_SERVER })));
    expect((await askApp(port)).pid).toBe(expectOk(await pm2.find('waiting')).pid);
  });
});

test('stop and restart are orders to one app', async () => {
  const { main, port } = await startMain('stopped');
  expect(expectOk(await pm2.stop(main))).toMatchObject({ status: 'stopped', pid: null });
  expectOk(await pm2.restart(main));
  expect((await askApp(port)).pid).toBe(expectOk(await pm2.find('stopped')).pid);
});

test('an order to an app that was made anew under its name is not carried out', async () => {
  const { main, port } = await startMain('renewed');
  await sandbox.pm2('delete', 'renewed');
  await startApp(sandbox, { name: 'renewed', script: NODE_SERVER, env: { PORT: port } });
  const renewed = expectOk(await pm2.find('renewed'));
  const orders = [pm2.stop(main), pm2.restart(main), pm2.remove(main), pm2.respec(main, main.spec)];
  for (const outcome of await Promise.all(orders))
    expect(outcome).toMatchObject({ kind: 'changed' });
  expect(expectOk(await pm2.find('renewed')).pid).toBe(renewed.pid);
});

test('several apps of one name are not one app', async () => {
  const env = { PORT: await freePort() };
  await startApp(sandbox, { name: 'twice', script: NODE_SERVER, instances: 2, env });
  expect(await pm2.find('twice')).toMatchObject({
    kind: 'refused',
    reason: 'PM2 has 2 apps twice',
  });
});

describe('wrappers', () => {
  test.each([
    [
      'bash -c',
      {
        script: '/bin/bash',
        interpreter: 'none',
        args: ['-c', `node ${NODE_SERVER} --port 1; true`],
      },
    ],
  ])('a canary of %s gets its port inside the command', async (name, options) => {
    const { main } = await startMain(`wrapped ${name}`, options);
    const port = await freePort();
    const portFrom = { kind: 'arg', flag: '--port' } as const;
    const canary = expectOk(await pm2.startCanary(main, request(main, port, { portFrom })));
    const answer = await askApp(port);
    expect(answer.pid).not.toBe(canary.pid);
    expectOk(await pm2.remove(canary));
    expect(isRunning(answer.pid)).toBe(false);
    expect(withPort(main.spec, portFrom, 2).args[1]).toContain('--port 2;');
  });
});

test('the caller’s environment reaches no app', async () => {
  const { main } = await startMain('clean');
  process.env['LEAKED'] = 'yes';
  const canary = request(main, await freePort());
  const started = expectOk(await pm2.startCanary(main, canary));
  expectOk(await pm2.respec(main, main.spec));
  for (const { pid } of [started, expectOk(await pm2.find('clean'))])
    expect(readFileSync(`/proc/${pid!}/environ`, 'utf8')).not.toContain('LEAKED');
});

test('PM2’s modules are not loaded into this process', async () => {
  expectOk(await pm2.list());
  const loaded = Object.keys(createRequire(import.meta.url).cache);
  expect(loaded.filter((path) => /node_modules\/pm2/.test(path))).toEqual([]);
});
