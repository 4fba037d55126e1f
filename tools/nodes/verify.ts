/**
 * `npm run verify:nodes`: `npm run verify` on each version of Node, or on those named by
 * `--only 22`. Files or folders of tests that are named limit it to these. Exits 0 only if all pass.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { packageRoot } from '../../common/package.js';
import { duration, table } from '../../orchestrator/cli/format.js';
import { nodeArguments } from './arguments.js';
import { installNodes, type Node } from './nodes.js';

interface Result {
  readonly version: string;
  readonly tookMs: number;
  /** Files of tests. */
  readonly passed: number;
  /** Files of tests, and scripts. */
  readonly failed: readonly string[];
}

/** What is read of vitest's JSON report. */
interface Report {
  readonly testResults: readonly { readonly name: string; readonly status: string }[];
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const { majors, names } = nodeArguments(process.argv.slice(2));
const nodes = await installNodes(majors);
const results = nodes.map((node) => {
  const result = verifyOn(node);
  say(`\nNode ${result.version}: ${wordsOf(result)}`);
  return result;
});
const rows = results.map(({ version, tookMs, passed, failed }) => {
  return [version, duration(tookMs), String(passed), String(failed.length)];
});
say(`\n${table([['Node', 'took', 'files passed', 'failed'], ...rows])}`);
process.exitCode = results.every(({ failed }) => failed.length === 0) ? 0 : 1;

function wordsOf({ passed, failed }: Result): string {
  const files = `${passed} ${passed === 1 ? 'file' : 'files'} of tests passed`;
  return failed.length === 0 ? files : `${files}, failed:\n  ${failed.join('\n  ')}`;
}

function verifyOn(node: Node): Result {
  say(`\nNode ${node.version}`);
  const beganMs = Date.now();
  const scripts = names.length === 0 ? ['lint', 'typecheck'] : [];
  const failed = scripts.filter((script) => !run(node, 'npm', ['run', '--silent', script]));
  const tests = testOn(node);
  return {
    version: node.version,
    tookMs: Date.now() - beganMs,
    passed: tests.passed,
    failed: [...failed.map((script) => `npm run ${script}`), ...tests.failed],
  };
}

function testOn(node: Node): Pick<Result, 'passed' | 'failed'> {
  const folder = mkdtempSync(join(tmpdir(), 'canary-verify-'));
  const file = join(folder, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const passes = run(node, 'npx', ['vitest', 'run', ...reporters, ...names]);
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '{"testResults":[]}';
    const { testResults } = JSON.parse(text) as Report;
    const failed = testResults
      .filter(({ status }) => status !== 'passed')
      .map(({ name }) => relative(packageRoot(), name));
    if (!passes && failed.length === 0) failed.push('vitest');
    return { passed: testResults.length - failed.length, failed };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether it exits with 0. */
function run({ bin }: Node, command: string, args: readonly string[]): boolean {
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
  const options = { cwd: packageRoot(), env, stdio: 'inherit' } as const;
  return spawnSync(join(bin, command), args, options).status === 0;
}
