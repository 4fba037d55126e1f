import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createPm2, type Pm2 } from '../../../orchestrator/pm2/adapter.js';
import type { AppView } from '../../../orchestrator/pm2/app.js';
import { applyRelease } from '../../../orchestrator/pm2/spec.js';
import { askApp, NODE_SERVER } from '../../support/apps.js';
import { expectOk } from '../../support/outcome.js';
import { startApp, startPrivatePm2, type PrivatePm2 } from '../../support/pm2-sandbox.js';
import { freePort } from '../../support/ports.js';
import { killAndWait } from '../../support/processes.js';

type Entry = Record<string, unknown>;

let sandbox: PrivatePm2;
let pm2: Pm2;
let main: AppView;
let port: number;
let dump: string;

beforeAll(async () => {
  sandbox = await startPrivatePm2();
  pm2 = createPm2({ home: sandbox.home, timeoutMs: 5000 });
  dump = join(sandbox.home, 'dump.pm2');
  port = await freePort();
  const [otherPort, canaryPort] = [await freePort(), await freePort()];
  await startApp(sandbox, { name: 'other', script: NODE_SERVER, env: { PORT: otherPort } });
  await startApp(sandbox, {
    name: 'main',
    script: NODE_SERVER,
    env: { PORT: port, RELEASE: 'old' },
  });
  main = expectOk(await pm2.find('main'));
  const request = {
    name: 'main-canary',
    rollout: 'r1',
    release: {},
    port: canaryPort,
    portFrom: { kind: 'env', name: 'PORT' },
    env: {},
  } as const;
  expectOk(await pm2.startCanary(main, request));
});
afterAll(() => sandbox.dispose());

beforeEach(async () => {
  await sandbox.pm2('save');
  chmodSync(dump, 0o600);
});

function entries(): Entry[] {
  return JSON.parse(readFileSync(dump, 'utf8')) as Entry[];
}

test('after a promotion the dump is what `pm2 save` would write, without the canary', async () => {
  const before = readFileSync(dump, 'utf8');
  expect(entries().map((entry) => entry['name'])).toEqual(['other', 'main', 'main-canary']);
  const to = applyRelease(main.spec, { args: ['new'], env: { RELEASE: 'new' } });
  main = expectOk(await pm2.respec(main, to));
  await askApp(port);

  expect(expectOk(await pm2.refreshDump(main, ['main-canary']))).toBe('refreshed');

  const refreshed = entries();
  expect(readFileSync(`${dump}.bak`, 'utf8')).toBe(before);
  expect(statSync(dump).mode & 0o777).toBe(0o600);
  expect(readdirSync(sandbox.home).filter((name) => name.startsWith('dump'))).toHaveLength(2);
  expect(refreshed.map((entry) => entry['name'])).toEqual(['other', 'main']);
  expect(refreshed[0]).toEqual((JSON.parse(before) as Entry[])[0]);
  expect(refreshed[1]).toMatchObject({ args: ['new'], RELEASE: 'new' });
  await sandbox.pm2('save');
  expect(Object.keys(refreshed[1]!).sort()).toEqual(Object.keys(entries()[1]!).sort());
});

test('a refreshed dump is restored by PM2 with the new release', async () => {
  expectOk(await pm2.refreshDump(main, ['main-canary']));
  await killAndWait(sandbox.daemonPid()!);
  for (const pid of sandbox.pids()) await killAndWait(pid);
  await sandbox.startDaemon();
  await sandbox.pm2('resurrect');
  const names = expectOk(await pm2.list()).map(({ name }) => name);
  expect(names.sort()).toEqual(['main', 'other']);
  main = expectOk(await pm2.find('main'));
  expect((await askApp(port)).release).toBe(main.spec.env['RELEASE']);
});

test('an app that was not saved is not added', async () => {
  const others = entries().filter((entry) => entry['name'] === 'other');
  writeFileSync(dump, JSON.stringify(others));
  const before = readFileSync(dump, 'utf8');
  expect(expectOk(await pm2.refreshDump(main, ['main-canary']))).toBe('not-in-it');
  expect(readFileSync(dump, 'utf8')).toBe(before);
});

test('a dump that cannot be read stays, and its text is not in the reason', async () => {
  writeFileSync(dump, '[{"TOKEN": "s3cret"');
  const outcome = await pm2.refreshDump(main, []);
  expect(outcome).toMatchObject({ kind: 'failed' });
  expect(JSON.stringify(outcome)).not.toContain('s3cret');
  expect(readFileSync(dump, 'utf8')).toBe('[{"TOKEN": "s3cret"');
});

test('no dump is made where there was none', async () => {
  rmSync(dump);
  expect(expectOk(await pm2.refreshDump(main, ['main-canary']))).toBe('no-dump');
  expect(existsSync(dump)).toBe(false);
});
