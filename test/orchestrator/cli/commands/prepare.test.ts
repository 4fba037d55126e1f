/** `canary prepare` with what keeps it from beginning; how it goes on: test/orchestrator/release/rehearsal.test.ts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCli } from '../../../../orchestrator/cli/program.js';

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'canary-prepare-'));
  writeFileSync(
    join(dir, 'canary.yaml'),
    `pm2Home: ${join(dir, 'no-pm2')}
services:
  made:
    listen: 8080
    stable: 8081
    canary: 8082
    release: { set: [mcp], prepare: ['make {{version}} {{mcp}}'] }
  bare: { listen: 8090, stable: 8091, canary: 8092 }
`,
  );
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

const ALL = ['--version', '1.4.0', '--set', 'mcp=1.23.2'];

it.each<[readonly string[], number, RegExp]>([
  [['nobody'], 2, /there is no service nobody in .*: it has made, bare/],
  [['bare', ...ALL], 2, /bare has no release\.prepare/],
  [['made'], 2, /made's release wants --version, --set mcp=\.\.\. too \[release-values\]/],
  [['made', ...ALL, '--set', 'mpc=1'], 2, /--set mpc: made's release\.set does not have it: mcp/],
  [['made', ...ALL, '--set', 'mcp=2'], 2, /--set mcp stands twice/],
  [['made', '--version', '$(x)'], 2, /--version: got "\$\(x\)", wanted/],
  [['made', '--set', 'mcp'], 2, /--set: got "mcp", wanted NAME=VALUE/],
  [['made', ...ALL], 1, /PM2 does not answer: .* \[pm2-down\]/],
])('canary prepare %j says what is wrong', async (args, code, message) => {
  const printed: string[] = [];
  const say = (text: string): void => void printed.push(text);
  const io = { out: say, err: say, env: { CANARY_HOME: dir }, cwd: dir, color: false };
  expect(await runCli(['prepare', ...args], io)).toBe(code);
  expect(printed.join('\n')).toMatch(message);
});
