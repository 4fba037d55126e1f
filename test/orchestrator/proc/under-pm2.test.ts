/** What /proc shows of apps that PM2 runs in the ways in which people run servers. */
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPm2, type Pm2 } from '../../../orchestrator/pm2/adapter.js';
import type { AppView } from '../../../orchestrator/pm2/app.js';
import { applyRelease } from '../../../orchestrator/pm2/spec.js';
import { proveRuns } from '../../../orchestrator/proc/identity.js';
import { portHolder, portOwner } from '../../../orchestrator/proc/ports.js';
import { treePids, treeRssBytes } from '../../../orchestrator/proc/tree.js';
import { askApp, NODE_SERVER, PYTHON_SERVER } from '../../support/apps.js';
import { expectOk } from '../../support/outcome.js';
import { startApp, startPrivatePm2, type PrivatePm2 } from '../../support/pm2-sandbox.js';
import { freePort } from '../../support/ports.js';
import { killAndWait, start } from '../../support/processes.js';

let sandbox: PrivatePm2;
let pm2: Pm2;

beforeAll(async () => {
  sandbox = await startPrivatePm2();
  pm2 = createPm2({ home: sandbox.home, timeoutMs: 5000 });
  const scripts = { start: `node ${NODE_SERVER} --verbose` };
  writeFileSync(join(sandbox.dir, 'package.json'), JSON.stringify({ scripts }));
});
afterAll(() => sandbox.dispose());

async function run(name: string, options: Record<string, unknown>): Promise<[AppView, number]> {
  const port = await freePort();
  const env = { PORT: port, RELEASE: 'old', SECRET: 's3cret' };
  await startApp(sandbox, { name, script: NODE_SERVER, cwd: sandbox.dir, ...options, env });
  return [expectOk(await pm2.find(name)), port];
}

describe.each([
  ['node', {}, false],
  ['node in cluster mode', { exec_mode: 'cluster', instances: 1 }, false],
  ['python', { script: PYTHON_SERVER, interpreter: 'python3' }, false],
  ['bash -c', { script: 'bash', args: ['-c', `node ${NODE_SERVER}; true`] }, true],
  ['npm start', { script: 'npm', args: ['start'] }, true],
])('%s', (name, options, isWrapped) => {
  test('owns its port, is weighed as a whole, and proves what it runs', async () => {
    const [main, port] = await run(name, options);
    const old = await askApp(port);
    const isCluster = main.execMode === 'cluster';

    expect(old.pid === main.pid).toBe(!isWrapped);
    expect(treePids(main.pid!)).toContain(old.pid);
    const owner = isCluster ? { kind: 'daemon' } : { kind: 'tree', pid: old.pid };
    expect(portOwner(port, main.pid!, sandbox.daemonPid())).toEqual(owner);
    expect(portHolder(port)).toBe(isCluster ? sandbox.daemonPid() : old.pid);
    const sum = treePids(main.pid!).reduce((bytes, pid) => bytes + treeRssBytes(pid), 0);
    expect(sum > treeRssBytes(old.pid)).toBe(isWrapped);

    const to = applyRelease(main.spec, {
      env: { RELEASE: 'new', SECRET: null, TOKEN: 't0ken', PATH: '/opt/bin:/usr/bin:/bin' },
    });
    const unproven = proveRuns(main.pid!, to, main.spec);
    expect(unproven).toMatchObject({
      proven: false,
      reason: expect.stringContaining('RELEASE, SECRET, TOKEN') as string,
    });
    expect(JSON.stringify(unproven)).not.toMatch(/s3cret|t0ken|old/);
    expect(proveRuns(main.pid!, main.spec, to)).toEqual({ proven: true });

    const { PATH = '' } = main.spec.env;
    const runnable = applyRelease(to, { env: { PATH: `${PATH}:/opt/bin` } });
    const after = expectOk(await pm2.respec(main, runnable));
    await askApp(port, ({ release }) => release === 'new');
    expect(proveRuns(after.pid!, runnable, main.spec)).toEqual({ proven: true });
    expectOk(await pm2.remove(after));
  });
});

test('another script, interpreter or cwd is not proven', async () => {
  const [main] = await run('moved', {});
  for (const change of [{ script: '/other.js' }, { interpreter: 'bun' }, { cwd: '/' }])
    expect(proveRuns(main.pid!, applyRelease(main.spec, change), main.spec)).toMatchObject({
      proven: false,
    });
});

test('a process that PM2 did not start, and one that is gone, prove nothing', async () => {
  const [main] = await run('gone', {});
  expect(proveRuns(process.pid, main.spec, main.spec)).toMatchObject({
    hidden: true,
    reason: expect.stringContaining('does not show') as string,
  });
  expectOk(await pm2.stop(main));
  expect(proveRuns(main.pid!, main.spec, main.spec)).toMatchObject({
    hidden: false,
    reason: expect.stringContaining('is gone') as string,
  });
});

describe('a port', () => {
  test('that nobody listens on has no owner', async () => {
    const port = await freePort();
    expect(portOwner(port, process.pid, null)).toEqual({ kind: 'nobody' });
    expect(portHolder(port)).toBeNull();
  });

  test('that a process outside of the tree holds is not the tree’s', async () => {
    const [main, port] = await run('tenant', {});
    await askApp(port);
    expect(portOwner(port, main.pid!, null)).toEqual({ kind: 'tree', pid: main.pid });
    const stranger = start('sleep', ['60']);
    expect(portOwner(port, stranger.pid, sandbox.daemonPid())).toEqual({
      kind: 'other',
      pid: main.pid,
    });
    await stranger.end();
  });

  test.each(['::', '::1', '0.0.0.0'])(
    'is found on %s, also while others connect to it',
    async (host) => {
      const port = await freePort();
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(port, host, resolve));
      expect(portOwner(port, process.pid, null)).toEqual({ kind: 'tree', pid: process.pid });
      await closed(server);
    },
  );

  test('that somebody else listens on too is not the tree’s', async () => {
    const [main, port] = await run('shared', {});
    await askApp(port);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '::1', resolve));
    expect(portOwner(port, main.pid!, null)).toEqual({ kind: 'other', pid: process.pid });
    await closed(server);
  });
});

function closed(server: Server): Promise<unknown> {
  return new Promise((resolve) => server.close(resolve));
}

test('a wrapper that is killed leaves a child, which is not the new process’s', async () => {
  const wrapped = { script: 'bash', args: ['-c', `node ${NODE_SERVER}; true`], autorestart: false };
  const [main, port] = await run('orphaned', wrapped);
  const child = await askApp(port);
  await killAndWait(main.pid!);
  const restarted = expectOk(await pm2.restart(main));
  expect(portOwner(port, restarted.pid!, sandbox.daemonPid())).toEqual({
    kind: 'other',
    pid: child.pid,
  });
});
