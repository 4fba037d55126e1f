/** Completion as the shells do it: bash itself asks the command. */
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Server } from 'node:http';
import { homeFrom } from '../../../../common/home.js';
import { packageRoot } from '../../../../common/package.js';
import { serveUnix } from '../../../../common/unix-http.js';
import { runCli } from '../../../../orchestrator/cli/program.js';
import { SCRIPTS } from '../../../../orchestrator/cli/completion/scripts.js';
import { rolloutView } from '../views.js';

const CONFIG = `services:
  mcp-scraper: { listen: 8080, stable: 3001, canary: 3101, portFrom: env:PORT }
  mcp-files: { listen: 8081, stable: 3002, canary: 3102, portFrom: env:PORT }
groups:
  nightly: { services: [mcp-scraper, mcp-files] }
`;

let dir: string;
let server: Server;
let env: Record<string, string>;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'canary-complete-'));
  writeFileSync(join(dir, 'canary.yaml'), CONFIG);
  writeFileSync(join(dir, 'past.jsonl'), '');
  env = { CANARY_HOME: dir, CANARY_CONFIG: join(dir, 'canary.yaml'), PATH: process.env['PATH']! };
  const hostile = rolloutView({ reason: 'tab\there\u001b[2J\nand a line' });
  server = await serveUnix(
    homeFrom(env).controlSocket,
    () => ({ status: 200, body: { rollouts: [hostile], runs: [{ id: 'run-3', title: 't' }] } }),
    null,
  );
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(dir, { recursive: true, force: true });
});

async function completed(...words: readonly string[]): Promise<string[]> {
  const lines: string[] = [];
  const out = (text: string) => lines.push(...text.split('\n'));
  const io = { out, err: out, env, cwd: dir, color: false };
  expect(await runCli(['complete', '--', ...words], io)).toBe(0);
  return lines.map((line) => line.split('\t')[0]!);
}

describe('what may come next', () => {
  it('are the commands, but no hidden one', async () => {
    const commands = await completed('');
    expect(commands).toEqual(expect.arrayContaining(['start', 'status', 'explain', 'help']));
    expect(commands).not.toContain('complete');
  });

  it.each<[string, readonly string[], readonly string[]]>([
    ['a service', ['status', ''], ['mcp-scraper', 'mcp-files']],
    ['another service', ['start', 'mcp-files', ''], ['mcp-scraper', 'mcp-files']],
    ['nothing after the only argument', ['status', 'mcp-files', ''], []],
    ['a rollout', ['show', ''], ['mcp-scraper-8']],
    ['a rollout or a service', ['explain', ''], ['mcp-scraper', 'mcp-files', 'mcp-scraper-8']],
    ['a run', ['cancel', ''], ['run-3']],
    ['a group', ['start', '--group', ''], ['nightly']],
    ['a choice', ['logs', 'mcp-files', '--track', ''], ['stable', 'canary']],
    ['a service after a value', ['logs', '--lines', '7', ''], ['mcp-scraper', 'mcp-files']],
    ['a shell', ['completion', ''], ['bash', 'zsh', 'fish']],
    ['files', ['replay', 'pa'], [':files']],
    ['files for a value', ['start', 'mcp-files', '--from', ''], [':files']],
    ['nothing for a free value', ['start', '--weight', ''], []],
    ['nothing for what is no command', ['nonsense', ''], []],
    ['a verb of a verb', ['schedule', 'r'], ['list', 'run', 'history', 'help']],
  ])('is %s', async (_, words, wanted) => {
    const found = await completed(...words);
    expect(found.toSorted()).toEqual(wanted.toSorted());
  });

  it('are options, for what begins as one', async () => {
    const options = await completed('status', '-');
    expect(options).toEqual(expect.arrayContaining(['--watch', '--json', '--help']));
  });
});

describe('bash', () => {
  async function bash(words: string): Promise<string[]> {
    const shim = join(dir, 'canary');
    const script = join(packageRoot(), 'dist/orchestrator/cli/main.js');
    writeFileSync(shim, `#!/bin/sh\nexec ${process.execPath} ${script} "$@"\n`);
    chmodSync(shim, 0o755);
    const line = `${SCRIPTS.bash}\nCOMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _canary; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const options = { env: { ...env, PATH: `${dir}:${env['PATH']}` }, cwd: dir };
    const { stdout } = await promisify(execFile)('bash', ['--norc', '-c', line], options);
    return stdout.trim().split('\n');
  }

  it('gets the words that go on as they began', async () => {
    expect(await bash('canary sta')).toEqual(['start', 'status']);
    expect(await bash('canary explain mcp-s')).toEqual(['mcp-scraper', 'mcp-scraper-8']);
    expect(await bash('canary replay pa')).toEqual(['past.jsonl']);
  });
});
