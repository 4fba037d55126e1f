import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../common/package.js';
import { PROBLEM_CODES } from '../../config/problem-codes.js';
import { EXIT } from '../../orchestrator/cli/io.js';
import { REFUSAL_CODES } from '../../orchestrator/refusals.js';
import { REFUSALS } from '../../proxy/mcp/refusals.js';

const root = packageRoot();
const doc = readFileSync(join(root, 'docs', 'errors.md'), 'utf8');

/** The first cells of a section's tables. */
function codesUnder(heading: string): string[] {
  const [, after = ''] = doc.split(`\n## ${heading}\n`);
  const [section = ''] = after.split('\n## ');
  return [...section.matchAll(/^\| `?([-\w]+)`? \| (?!cause|meaning|HTTP)/gm)].map(
    ([, code]) => code!,
  );
}

function sources(...folders: readonly string[]): string {
  const files = folders
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true }).map(
        (file) => `${folder}/${file.toString()}`,
      ),
    )
    .filter((file) => file.endsWith('.ts'));
  const tables = ['config/problem-codes.ts', 'orchestrator/refusals.ts'];
  return files
    .filter((file) => !tables.includes(file))
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n');
}

test('every code of a problem is described, and used', () => {
  expect(codesUnder('In canary.yaml and smoke suites')).toEqual([...PROBLEM_CODES]);
  const text = sources('config', 'orchestrator/smoke');
  for (const code of PROBLEM_CODES) expect(text).toContain(`'${code}'`);
});

test('every code of a refusal is described, and used', () => {
  const heading = 'When a rollout is not begun, or an order not taken';
  expect(codesUnder(heading)).toEqual([...REFUSAL_CODES]);
  const text = sources('orchestrator');
  for (const code of REFUSAL_CODES) expect(text).toMatch(new RegExp(`because\\(\\s*'${code}'`));
});

test('every exit code is described', () => {
  expect(codesUnder('Exit codes')).toEqual(Object.values(EXIT).map(String));
});

test("every error of canary-proxy's own is described", () => {
  const codes = codesUnder('What agents get from canary-proxy').filter((code) => code[0] === '-');
  expect(new Set(codes.map(Number))).toEqual(new Set(Object.values(REFUSALS)));
  const text = sources('proxy');
  for (const name of Object.keys(REFUSALS)) expect(text).toContain(`REFUSALS.${name}`);
});

test('every error of the local sockets is described', () => {
  const text = sources('common', 'orchestrator', 'proxy');
  const given = [...text.matchAll(/\brefusal\(\s*\w+,\s*'(\w+)'/g)].map(([, code]) => code!);
  const described = codesUnder('The local sockets and the dashboard');
  expect(new Set(described)).toEqual(new Set([...given, 'usage', 'refused']));
});
