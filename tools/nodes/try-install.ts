/**
 * `npm run try-install`: installs the package with npm, and walks through the tutorials and
 * docs/install.md with it, on each version of Node, or on those named by `--only 22`. Exits 0 only
 * if all went as they say.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duration, table } from '../../orchestrator/cli/format.js';
import { nodeArguments } from './arguments.js';
import { installNodes } from './nodes.js';
import { packInto, walkOn } from './walk-on.js';

/** Each is walked through in a home folder of its own. What shows how to upgrade needs something that runs. */
const WALKS = [['tutorial.md'], ['tutorial-python.md', 'install.md']] as const;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const folder = mkdtempSync(join(tmpdir(), 'canary-package-'));
try {
  process.exitCode = await tryAll();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function tryAll(): Promise<number> {
  const { majors } = nodeArguments(process.argv.slice(2));
  const tarball = packInto(folder);
  const rows = [['Node', 'document', 'took', 'result']];
  let failures = 0;
  for (const node of await installNodes(majors)) {
    for (const documents of WALKS) {
      const beganMs = Date.now();
      const wrong = await walkOn(node, tarball, documents);
      const took = duration(Date.now() - beganMs);
      if (wrong !== null) failures += 1;
      say(`${node.version} ${documents.join(', ')}: ${wrong ?? 'as written'} (${took})`);
      const [result = ''] = (wrong ?? 'as written').split('\n');
      rows.push([node.version, documents.join(', '), took, result]);
    }
  }
  say(`\n${table(rows)}`);
  return failures === 0 ? 0 : 1;
}
