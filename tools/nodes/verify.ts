/**
 * `npm run verify:nodes`: the tests on each version of Node, but for those end to end, which
 * `npm run try-install` has its own of. Exits 0 only if all pass. Arguments are vitest's.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../common/package.js';
import { duration, table } from '../../orchestrator/cli/format.js';
import { installNodes, type Node } from './nodes.js';

const rows = (await installNodes()).map(testOn);
process.stdout.write(`\n${table([['Node', 'took', 'tests'], ...rows])}\n`);
process.exitCode = rows.every(([, , result]) => result === 'pass') ? 0 : 1;

function testOn({ version, bin }: Node): readonly [string, string, string] {
  process.stdout.write(`\nNode ${version}\n`);
  const vitest = join(packageRoot(), 'node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', '--exclude', 'test/e2e/**', ...process.argv.slice(2)];
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
  const beganMs = Date.now();
  const { status } = spawnSync(join(bin, 'node'), args, {
    cwd: packageRoot(),
    env,
    stdio: 'inherit',
  });
  return [version, duration(Date.now() - beganMs), status === 0 ? 'pass' : 'FAIL'];
}
