/** A daemon that is not there, dies, is replaced or hangs. Each test has its own. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createPm2, type Pm2 } from '../../../orchestrator/pm2/adapter.js';
import type { AppView } from '../../../orchestrator/pm2/app.js';
import { askApp, NODE_SERVER } from '../../support/apps.js';
import { expectOk } from '../../support/outcome.js';
import { startApp, startPrivatePm2, type PrivatePm2 } from '../../support/pm2-sandbox.js';
import { freePort } from '../../support/ports.js';
import { killAndWait, signal } from '../../support/processes.js';
import { waitFor } from '../../support/wait.js';

let sandbox: PrivatePm2;
let pm2: Pm2;
let main: AppView;
let port: number;

beforeEach(async () => {
  sandbox = await startPrivatePm2();
  pm2 = createPm2({ home: sandbox.home, timeoutMs: 10_000 });
  port = await freePort();
  // The probes that PM2 puts into node apps by default (pmx) end an app soon after its daemon.
  await startApp(sandbox, { name: 'main', script: NODE_SERVER, pmx: false, env: { PORT: port } });
  // An app that has not come up yet may end with its daemon.
  await askApp(port);
  main = expectOk(await pm2.find('main'));
});
afterEach(() => sandbox.dispose());

function orders(): Promise<{ readonly kind: string }[]> {
  const request = { name: 'c', rollout: 'r', release: {}, port: 1, env: {} };
  const portFrom = { kind: 'env', name: 'PORT' } as const;
  return Promise.all([
    pm2.daemon(),
    pm2.list(),
    pm2.startCanary(main, { ...request, portFrom }),
    pm2.respec(main, main.spec),
    pm2.stop(main),
    pm2.remove(main),
    pm2.refreshDump(main, []),
  ]);
}

test('the daemon says who it is, and a successor is told from it', async () => {
  const first = expectOk(await pm2.daemon());
  expect(first.pid).toBe(sandbox.daemonPid());
  expect(first.version).toMatch(/^\d+\.\d+\.\d+/);

  await killAndWait(first.pid!);
  await sandbox.startDaemon();

  const second = expectOk(await pm2.daemon());
  expect(second.startedAtMs).toBeGreaterThan(first.startedAtMs);
  expect(second.pid).not.toBe(first.pid);
});

test('every order is `down` without a daemon, and none is started', async () => {
  await killAndWait(sandbox.daemonPid()!);
  for (const outcome of await orders()) expect(outcome).toMatchObject({ kind: 'down' });
  expect(sandbox.daemonPid()).toBeNull();
  // Only main is left, as an orphan.
  expect(sandbox.pids()).toEqual([main.pid]);
});

test('orders that were refused while the daemon was down do not reach the next one', async () => {
  await killAndWait(sandbox.daemonPid()!);
  await orders();
  await sandbox.startDaemon();
  const env = { PORT: await freePort() };
  await startApp(sandbox, { name: 'bystander', script: NODE_SERVER, env });
  const bystander = expectOk(await pm2.find('bystander'));
  // The bystander has main's pm_id in the new daemon.
  expect(bystander.pmId).toBe(main.pmId);
  for (const order of [pm2.stop(main), pm2.respec(main, main.spec)])
    expect(await order).toMatchObject({ kind: 'gone' });
  expect(expectOk(await pm2.find('bystander')).pid).toBe(bystander.pid);
  expect(expectOk(await pm2.list()).map(({ name }) => name)).toEqual(['bystander']);
});

test('an order whose daemon is killed under it is `down`, and the next daemon does not repeat it', async () => {
  await sandbox.pm2('delete', 'main');
  const env = { PORT: port, IGNORE_SIGINT: '1' };
  const stubborn = { kill_timeout: 20_000, pmx: false };
  await startApp(sandbox, { name: 'main', script: NODE_SERVER, ...stubborn, env });
  main = expectOk(await pm2.find('main'));
  const { pid } = await askApp(port);
  const stopping = pm2.stop(main);
  const onlooker = createPm2({ home: sandbox.home, timeoutMs: 10_000 });
  await waitFor(async () => expectOk(await onlooker.find('main')).status === 'stopping', {
    what: 'PM2 to stop the app',
  });
  await killAndWait(sandbox.daemonPid()!);
  expect(await stopping).toMatchObject({ kind: 'down' });

  await sandbox.startDaemon();
  expect(expectOk(await pm2.list())).toEqual([]);
  expect((await askApp(port)).pid).toBe(pid);
});

test('after `pm2 update` an order to the old app is not carried out on the restored one', async () => {
  await sandbox.pm2('update');
  const restored = expectOk(await pm2.find('main'));
  expect(restored.uniqueId).not.toBe(main.uniqueId);
  for (const order of [pm2.stop(main), pm2.remove(main), pm2.respec(main, main.spec)])
    expect(await order).toMatchObject({ kind: 'changed' });
  expect((await askApp(port)).pid).toBe(restored.pid);
});

test('a daemon that hangs is a timeout, and it is well again afterwards', async () => {
  const patient = pm2;
  pm2 = createPm2({ home: sandbox.home, timeoutMs: 500 });
  signal(sandbox.daemonPid()!, 'SIGSTOP');
  for (const outcome of await orders()) expect(outcome).toMatchObject({ kind: 'timeout' });
  signal(sandbox.daemonPid()!, 'SIGCONT');
  // No order was sent: each operation begins with a question.
  expect(expectOk(await patient.find('main')).pid).toBe(main.pid);
});

test('an app may take longer than the time-out to stop and to be ready', async () => {
  const hasty = createPm2({ home: sandbox.home, timeoutMs: 1_500 });
  const slow = { kill_timeout: 1_800, wait_ready: true, listen_timeout: 2_000 };
  const env = { PORT: await freePort(), IGNORE_SIGINT: '1' };
  await startApp(sandbox, { name: 'slow', script: NODE_SERVER, ...slow, env });
  const app = expectOk(await pm2.find('slow'));
  await askApp(env.PORT);
  const after = expectOk(await hasty.respec(app, app.spec));
  await askApp(env.PORT, ({ pid }) => pid === after.pid);
  expectOk(await hasty.remove(after));
});

test('the others are seen while an app takes its time to stop', async () => {
  const env = { PORT: await freePort(), IGNORE_SIGINT: '1' };
  await startApp(sandbox, { name: 'slow', script: NODE_SERVER, kill_timeout: 5_000, env });
  await askApp(env.PORT);
  const slow = expectOk(await pm2.find('slow'));
  const ended: string[] = [];
  const stopped = pm2.stop(slow).then((outcome) => {
    ended.push('stop');
    return outcome;
  });
  await waitFor(async () => expectOk(await pm2.find('slow')).status === 'stopping', {
    what: 'it to be told to stop',
  });
  expect(expectOk(await pm2.find('main')).pid).toBe(main.pid);
  expect(ended).toEqual([]);
  expectOk(await stopped);
});

test('a socket file that nobody answers on is `down`', async () => {
  await killAndWait(sandbox.daemonPid()!);
  const nowhere = createPm2({ home: join(sandbox.home, 'nowhere'), timeoutMs: 500 });
  expect(await nowhere.list()).toMatchObject({
    kind: 'down',
    reason: expect.stringContaining('there is no such socket') as string,
  });
  // The kernel may close a killed process' sockets a moment after it is gone.
  await waitFor(
    async () => {
      const { kind, ...rest } = await pm2.list();
      return kind === 'down' && 'reason' in rest && rest.reason.includes('nobody answers');
    },
    { what: 'the socket to be `down`, as nobody answers on it' },
  );
});
