import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { openStage, type Stage } from '../../demo/stage.js';
import type { RolloutView } from '../../orchestrator/control/messages.js';
import { waitFor } from '../support/wait.js';
import { makeWheel } from '../support/wheels.js';
import { typed } from './support.js';

const SERVICE = 'mcp-scraper';

interface Example {
  readonly services: Readonly<
    Record<
      string,
      { readonly release: { readonly prepare: readonly (string | { run: string })[] } }
    >
  >;
}

let srv: string;
let stage: Stage;

/** Main's release was made by hand, as the example of docs/releases.md makes them. */
beforeAll(async () => {
  srv = mkdtempSync(join(tmpdir(), 'scraper-'));
  const wheels = join(srv, 'wheels');
  const main = join(srv, 'main');
  for (const folder of [wheels, main]) mkdirSync(folder);
  for (const version of ['1.0.0', '1.1.0', '1.2.0']) makeWheel(wheels, SERVICE, version);
  const docs = readFileSync(new URL('../../docs/releases.md', import.meta.url), 'utf8');
  const yaml = /```yaml\n([^`]*)```/.exec(docs)?.[1] ?? '';
  const { release } = (parse(yaml.replaceAll('/srv/', `${srv}/`)) as Example).services[SERVICE]!;
  for (const command of release.prepare) {
    const line = typeof command === 'string' ? command : command.run;
    execFileSync('sh', ['-c', line], { cwd: main, env: { ...process.env, VERSION: '1.0.0' } });
  }
  stage = await openStage({
    apps: [
      {
        name: SERVICE,
        script: join(main, '.venv', 'bin', SERVICE),
        interpreter: join(main, '.venv', 'bin', 'python'),
        cwd: main,
      },
    ],
    services: { [SERVICE]: { release: { ...release, keep: 0 } } },
    defaults: { window: '1s', interval: '200ms', bake: '0s', onInconclusive: 'promote' },
  });
});

afterAll(async () => {
  await stage.dispose();
  rmSync(srv, { recursive: true, force: true });
});

/** Makes, tries and promotes a version. */
async function upgrade(version: string): Promise<RolloutView> {
  const result = await stage.canary('start', SERVICE, '--version', version, '--wait');
  expect(result).toMatchObject({ code: 0, stderr: '' });
  return (await stage.rollout(SERVICE))!;
}

async function servedVersion(): Promise<string> {
  const params = {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 't', version: '1' },
  };
  const answer = await fetch(`http://127.0.0.1:${stage.ports(SERVICE).stable}/mcp`, {
    method: 'POST',
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
  });
  const { result } = (await answer.json()) as { result: { serverInfo: { version: string } } };
  return result.serverInfo.version;
}

it('a release is made by hand, shown and removed', async () => {
  const rehearsed = await stage.canary('prepare', SERVICE, '--version', '1.1.0');
  expect(rehearsed).toMatchObject({ code: 0, stderr: '' });
  expect(rehearsed.stdout).toMatch(/-rehearsal-\w+ \(removed since\)\n {2}python3 -m venv/);
  expect(rehearsed.stdout).toContain(`packages: ${SERVICE} 1.0.0 -> 1.1.0`);
  expect(readdirSync(join(stage.home, 'releases', SERVICE))).toEqual([]);
  expect(await stage.rollout(SERVICE)).toBeNull();
});

it('a python server is upgraded from wheels, release by release, and what is old goes', async () => {
  const plan = await typed(stage, 'start', SERVICE, '--version', '1.1.0', '--dry-run');
  expect(plan.stdout).toContain('python3 -m venv --without-pip .venv');
  expect(plan.stdout).toContain('are known, and compared, once it is made');
  expect((await typed(stage, 'start', SERVICE, '--set', 'a=1')).stderr).toContain('--set a');

  const first = (await upgrade('1.1.0')).release!;
  expect(first.preparation!.dependencies).toMatchObject({
    changes: [{ name: SERVICE, from: '1.0.0', to: '1.1.0' }],
    unasked: [],
  });
  expect(await servedVersion()).toBe('1.1.0');
  expect(await stage.pm2.pm2('jlist')).toContain(`"pm_cwd":"${first.dir}"`);

  const main = join(srv, 'main');
  const back = await stage.canary('start', SERVICE, '--cwd', main, '--dry-run');
  for (const file of [`.venv/bin/${SERVICE}`, '.venv/bin/python']) {
    expect(back.stdout).toContain(`${join(first.dir, file)} -> ${join(main, file)}`);
  }

  const second = (await upgrade('1.2.0')).release!;
  expect(await servedVersion()).toBe('1.2.0');
  await waitFor(() => !existsSync(first.dir), { what: 'the release before to be removed' });
  expect(existsSync(second.dir)).toBe(true);
  const again = await typed(stage, 'start', SERVICE, '--version', '1.2.0', '--dry-run', '--json');
  expect(JSON.parse(again.stdout)).toMatchObject({
    plan: {
      unchanged: true,
      warnings: ['main runs a release of these values already: it is made anew'],
    },
  });
  expect(existsSync(join(srv, 'main', '.venv'))).toBe(true);

  const missing = await stage.canary('start', SERVICE, '--version', '9.9.9', '--wait');
  expect(missing.code).toBe(3);
  expect(missing.stdout).toContain('command 2 of 2');
  expect(await servedVersion()).toBe('1.2.0');
  const shown = await typed(stage, 'show', `${SERVICE}-3`);
  expect(shown.stdout).toMatch(/failed, exit code 1.*\n.*No matching distribution|No matching/s);
});
