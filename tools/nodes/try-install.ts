/**
 * `npm run try-install`: installs the package with npm, and walks through the tutorials and
 * docs/install.md with it, on each version of Node. Exits 0 only if all went as they say.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../common/package.js';
import { duration, table } from '../../orchestrator/cli/format.js';
import { openSandbox } from '../walkthrough/sandbox.js';
import { walk, WalkError } from '../walkthrough/walk.js';
import { installNodes, npmSettings, type Node } from './nodes.js';

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
  const pack = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder];
  execFileSync('npm', pack, { cwd: packageRoot(), stdio: 'ignore' });
  const settings = await npmSettings();
  const rows = [['Node', 'document', 'took', 'result']];
  let failures = 0;
  for (const node of await installNodes()) {
    for (const documents of WALKS) {
      const beganMs = Date.now();
      const wrong = await tryOne(node, documents, settings);
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

/** What went wrong, or null. */
async function tryOne(
  node: Node,
  documents: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<string | null> {
  const sandbox = await openSandbox({ path: [node.bin], env: settings });
  try {
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.tgz'))) {
      copyFileSync(join(folder, name), join(sandbox.home, name));
    }
    for (const name of documents) {
      await walk(sandbox, name, readFileSync(join(packageRoot(), 'docs', name), 'utf8'));
    }
    return null;
  } catch (error) {
    if (error instanceof WalkError) return error.message;
    throw error;
  } finally {
    await sandbox.dispose();
  }
}
