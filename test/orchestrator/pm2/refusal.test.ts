import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AppView } from '../../../orchestrator/pm2/app.js';
import { canaryRefusals, runRefusals } from '../../../orchestrator/pm2/refusal.js';
import type { AppSpec } from '../../../orchestrator/pm2/spec.js';
import { NODE_SERVER, PYTHON_SERVER } from '../../support/apps.js';

function app(name: string, more: Record<string, unknown> = {}, pid = 10): AppView {
  return new AppView({
    name,
    pid,
    pm_id: 0,
    pm2_env: { status: 'online', exec_interpreter: 'node', ...more },
  });
}

const RELEASE = app('a').spec;

describe('a canary', () => {
  test.each([
    ['of one online app', [app('a')], 'c', null],
    ['of one app in cluster mode', [app('a', { exec_mode: 'cluster_mode' })], 'c', null],
    [
      'beside the canary of an earlier rollout',
      [app('a'), app('c', { CANARY_ROLLOUT: 'r' })],
      'c',
      null,
    ],
  ])('%s is allowed', (_, apps, canaryName) => {
    expect(canaryRefusals(apps, 'a', canaryName, RELEASE)).toEqual([]);
  });

  test.each([
    ['of no app', [], 'c', 'PM2 has no app a'],
    ['of two apps', [app('a'), app('a')], 'c', '2 apps named a'],
    [
      'of two instances',
      [app('a', { exec_mode: 'cluster_mode' }), app('a', { exec_mode: 'cluster_mode' })],
      'c',
      '2 instances (cluster mode) named a',
    ],
    ['of a stopped app', [app('a', { status: 'stopped' }, 0)], 'c', 'a is stopped'],
    ['of an app without a process', [app('a', {}, 0)], 'c', 'it has no process'],
    ['with main’s name', [app('a')], 'a', 's name, a'],
    ['named as a selection', [app('a')], 'all', 'a selection of apps'],
    ['named as a pm_id', [app('a')], '3', 'a selection of apps'],
    ['named as a namespace', [app('a', { namespace: 'c' })], 'c', 'a namespace of that name'],
    ['named as a stranger', [app('a'), app('c')], 'c', 'that is no canary'],
  ])('%s is refused', (_, apps, canaryName, reason) => {
    expect(canaryRefusals(apps, 'a', canaryName, RELEASE)).toEqual([
      expect.stringContaining(reason),
    ]);
  });
});

test('an app in cluster mode cannot get another interpreter', () => {
  const release: AppSpec = { ...RELEASE, interpreter: 'python3' };
  const clustered = app('a', { exec_mode: 'cluster_mode' });
  expect(canaryRefusals([app('a')], 'a', 'c', release)).toEqual([]);
  expect(canaryRefusals([clustered], 'a', 'c', release)).toEqual([
    'a is in cluster mode: PM2 cannot run it with python3 [cluster-interpreter]',
  ]);
});

describe('a spec', () => {
  let folder: string;
  let spec: AppSpec;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'refusal-'));
    writeFileSync(join(folder, 'tool'), '#!/usr/bin/env python3\nprint()\n');
    chmodSync(join(folder, 'tool'), 0o755);
    writeFileSync(join(folder, 'node-tool'), '#!/usr/bin/env -S node --no-warnings\n');
    spec = {
      script: NODE_SERVER,
      cwd: folder,
      interpreter: 'node',
      interpreterArgs: [],
      args: [],
      env: { PATH: process.env['PATH']! },
    };
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each<[string, () => Partial<AppSpec>]>([
    ['node', () => ({})],
    ['an interpreter by its path', () => ({ interpreter: process.execPath })],
    ['python', () => ({ script: PYTHON_SERVER, interpreter: 'python3' })],
    ['a script that is executed', () => ({ script: join(folder, 'tool'), interpreter: 'none' })],
    ['a node script without an extension', () => ({ script: join(folder, 'node-tool') })],
  ])('with %s can run', async (_, change) => {
    expect(await runRefusals({ ...spec, ...change() }, '')).toEqual([]);
  });

  test('with the PATH among the settings can run, when --update-env took its own away', async () => {
    expect(await runRefusals({ ...spec, env: {} }, process.env['PATH']!)).toEqual([]);
    expect(await runRefusals({ ...spec, env: {} }, '')).toHaveLength(1);
  });

  test.each<[string, () => Partial<AppSpec>]>([
    ['cwd /no/such is no folder', () => ({ cwd: '/no/such' })],
    ['script /no/such.js cannot be read', () => ({ script: '/no/such.js' })],
    ['interpreter no-such cannot be found', () => ({ interpreter: 'no-such' })],
    ['cannot be executed', () => ({ script: NODE_SERVER, interpreter: 'none' })],
    ['asks for /usr/bin/env python3', () => ({ script: join(folder, 'tool') })],
    ['may not set name', () => ({ env: { ...spec.env, name: 'x' } })],
  ])('is refused: %s', async (reason, change) => {
    expect(await runRefusals({ ...spec, ...change() }, '')).toEqual([
      expect.stringContaining(reason),
    ]);
  });

  test('is refused with all reasons at once', async () => {
    const bad = { ...spec, cwd: '/no/such', script: '/no/such.js', interpreter: 'no-such' };
    expect(await runRefusals(bad, '')).toHaveLength(3);
  });
});
