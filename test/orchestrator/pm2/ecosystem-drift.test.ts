import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import {
  ecosystemDrift,
  ecosystemFolders,
  ecosystemWarnings,
  type EcosystemInput,
} from '../../../orchestrator/pm2/ecosystem-drift.js';
import type { AppSpec } from '../../../orchestrator/pm2/spec.js';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ecosystem-'));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

const live = (): AppSpec => ({
  script: join(dir, 'v2', 'server.js'),
  cwd: join(dir, 'v2'),
  interpreter: '/usr/bin/node',
  interpreterArgs: [],
  args: ['--quick'],
  env: { PORT: '8081', TOKEN: 'a-secret', PWD: dir },
});

function input(file: string, text: string, more: Partial<EcosystemInput> = {}): EcosystemInput {
  writeFileSync(join(dir, file), text);
  const { PATH } = process.env;
  const usual = { app: 'scraper', live: live(), change: {}, file: join(dir, file), folders: [] };
  return { ...usual, env: { PATH }, ...more };
}

const OLD = `module.exports = {
  apps: [
    { name: 'other', script: 'x.js', cwd: '/old' },
    {
      name: 'scraper',
      cwd: './v1',
      script: 'server.js',
      interpreter: 'node',
      args: '--slow',
      env: {
        PORT: 8081,
        TOKEN: process.env.OLD_TOKEN || 'another-secret',
      },
    },
  ],
};
`;

describe('a file that says something else', () => {
  it('is told by its lines, in JavaScript', async () => {
    const drift = await ecosystemDrift(input('ecosystem.config.cjs', OLD));
    expect(drift).toMatchObject({
      kind: 'differs',
      differences: [
        { key: 'script', line: 7, says: join(dir, 'v1/server.js'), wanted: live().script },
        { key: 'cwd', line: 6 },
        { key: 'args', line: 9, says: '--slow', wanted: '--quick' },
        { key: 'env.TOKEN', line: 12, says: '(set)', wanted: 'what main has' },
      ],
    });
    const warnings = ecosystemWarnings(drift).join('\n');
    expect(warnings).toContain(
      `${join(dir, 'ecosystem.config.cjs')}:9 does not say what main runs`,
    );
    expect(warnings).not.toContain('secret');
  });

  it.each([
    [
      'ecosystem.yaml',
      'apps:\n  - name: x\n  - name: scraper\n    args: --slow\n    env: {PORT: 1}\n',
    ],
    [
      'ecosystem.json',
      '{"apps": [{"name": "x"},\n{\n"name": "scraper",\n"args": "--slow",\n"env": {"PORT": 1}}]}',
    ],
  ])('is told by its lines, in %s', async (file, text) => {
    const drift = await ecosystemDrift(input(file, text));
    const lines = file.endsWith('yaml') ? [4, 5] : [4, 5];
    expect(drift).toMatchObject({
      differences: [
        { key: 'args', line: lines[0] },
        { key: 'env.PORT', line: lines[1] },
      ],
    });
  });

  it('by its silence about what the promotion changed, too', async () => {
    const change = { cwd: live().cwd, interpreterArgs: ['--x'], env: { NEW: '1', GONE: null } };
    const text = JSON.stringify([{ name: 'scraper', script: 'v2/server.js' }]);
    expect(await ecosystemDrift(input('ecosystem.json', text, { change }))).toMatchObject({
      differences: [
        { key: 'cwd', line: null, says: '(absent)', wanted: live().cwd },
        { key: 'interpreter_args', says: '(absent)' },
        { key: 'env.NEW', says: '(absent)', wanted: 'what main has' },
      ],
    });
  });
});

test('a file that says what main runs is the same, also where the env decides', async () => {
  const now = OLD.replace('v1', 'v2').replace('--slow', '--quick');
  const env = { PATH: process.env['PATH'], OLD_TOKEN: 'a-secret' };
  const file = join(dir, 'ecosystem.config.cjs');
  expect(await ecosystemDrift(input('ecosystem.config.cjs', now, { env }))).toEqual({
    kind: 'same',
    file,
  });
});

describe('a file that is not configured', () => {
  it('is looked for in the folders of main, and has to have the app', async () => {
    writeFileSync(join(dir, 'ecosystem.config.json'), '[{"name": "other"}]');
    const found = input('ecosystem.json', '[{"name": "scraper", "args": "--slow"}]', {
      file: null,
    });
    const folders = ecosystemFolders(live());
    expect(await ecosystemDrift({ ...found, folders })).toMatchObject({
      kind: 'differs',
      file: join(dir, 'ecosystem.json'),
    });
    expect(await ecosystemDrift({ ...found, folders, app: 'nobody' })).toEqual({ kind: 'no-file' });
  });
});

describe('a file that cannot be read', () => {
  it.each([
    ['bad.cjs', 'throw new Error("on purpose")', 'on purpose'],
    ['exit.mjs', 'process.exit(0)', 'it ended before it had exported anything'],
    ['bad.json', '{"secret": ', 'SyntaxError'],
    ['none.json', '[]', 'it has no app scraper'],
    ['odd.json', '[{"name": "scraper", "env": 7}]', 'app scraper: env: Invalid input'],
  ])('%s says why', async (file, text, reason) => {
    expect(await ecosystemDrift(input(file, text))).toMatchObject({
      kind: 'unreadable',
      file: join(dir, file),
      reason: expect.stringContaining(reason) as unknown,
    });
  });

  it('because it never ends is given up', async () => {
    const drift = await ecosystemDrift(
      input('slow.mjs', 'await new Promise(() => setInterval(() => {}, 1e3))'),
    );
    expect(drift).toMatchObject({ kind: 'unreadable', reason: 'it did not end within 5 s' });
  });
});
