/** The tutorials, command by command as they stand. npm is the one thing that is stood in for. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { packageRoot } from '../../common/package.js';
import { openSandbox } from '../../tools/walkthrough/sandbox.js';
import { walk } from '../../tools/walkthrough/walk.js';

/** A bound for what hangs: some forty commands, each a process of its own. */
const TIMEOUT_MS = 300_000;

test.each([['tutorial.md'], ['tutorial-python.md']])(
  '%s does what it says',
  async (name) => {
    const sandbox = await openSandbox({
      path: [join(packageRoot(), 'test', 'fixtures', 'walkthrough')],
      env: { REPOSITORY: packageRoot() },
    });
    try {
      writeFileSync(join(sandbox.home, 'canary-orchestrator-0.0.0.tgz'), '');
      const text = readFileSync(join(packageRoot(), 'docs', name), 'utf8');
      await walk(sandbox, name, text);
    } finally {
      await sandbox.dispose();
    }
  },
  TIMEOUT_MS,
);
