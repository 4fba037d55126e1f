import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findConfig } from '../../config/find.js';

let root: string;
let cwd: string;
let homeDir: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'canary-find-'));
  cwd = join(root, 'cwd');
  homeDir = join(root, 'home');
  mkdirSync(cwd);
  mkdirSync(homeDir);
});
afterEach(() => rmSync(root, { recursive: true }));

function put(folder: string, name: string): string {
  const file = join(folder, name);
  writeFileSync(file, '');
  return file;
}

test('the flag, the variable, the working directory, the state folder, in this order', () => {
  const atHome = put(homeDir, 'canary.yaml');
  expect(findConfig({ env: {}, cwd, homeDir })).toEqual({ ok: true, file: atHome });
  const here = put(cwd, 'canary.yaml');
  expect(findConfig({ env: {}, cwd, homeDir })).toEqual({ ok: true, file: here });
  const byVariable = put(cwd, 'variable.yaml');
  const env = { CANARY_CONFIG: 'variable.yaml' };
  expect(findConfig({ env, cwd, homeDir })).toEqual({ ok: true, file: byVariable });
  const byFlag = put(root, 'flag.yaml');
  expect(findConfig({ flag: '../flag.yaml', env, cwd, homeDir })).toEqual({
    ok: true,
    file: byFlag,
  });
});

test('an empty variable is none', () => {
  const here = put(cwd, 'canary.yaml');
  expect(findConfig({ env: { CANARY_CONFIG: '' }, cwd, homeDir })).toEqual({
    ok: true,
    file: here,
  });
});

test('a flag or variable that points nowhere is not passed over', () => {
  put(cwd, 'canary.yaml');
  const missing = join(cwd, 'x.yaml');
  expect(findConfig({ flag: 'x.yaml', env: {}, cwd, homeDir })).toEqual({
    ok: false,
    message: `--config names ${missing}, which does not exist`,
    looked: [missing],
  });
  expect(findConfig({ env: { CANARY_CONFIG: missing }, cwd, homeDir })).toEqual({
    ok: false,
    message: `$CANARY_CONFIG names ${missing}, which does not exist`,
    looked: [missing],
  });
});

test('says where it looked', () => {
  const looked = [join(cwd, 'canary.yaml'), join(homeDir, 'canary.yaml')];
  const found = findConfig({ env: {}, cwd, homeDir });
  expect(found).toMatchObject({ ok: false, looked });
  expect(found).toHaveProperty('message', expect.stringContaining(looked.join(' and ')));
});
