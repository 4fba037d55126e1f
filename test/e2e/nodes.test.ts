/** The package on each version of Node that `npm run nodes` has put there, installed by that version's npm. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installedNodes } from '../../tools/nodes/nodes.js';
import { packInto, walkOn } from '../../tools/nodes/walk-on.js';

/** A bound for what hangs: npm, and some thirty commands, each a process of its own. */
const TIMEOUT_MS = 300_000;

const nodes = await installedNodes();

describe.runIf(nodes.length > 0)('with Node', () => {
  let folder: string;
  let tarball: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'canary-nodes-'));
    tarball = packInto(folder);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(nodes)(
    '$version a release is promoted, as tutorial-python.md has it',
    async (node) => expect(await walkOn(node, tarball, ['tutorial-python.md'])).toBeNull(),
    TIMEOUT_MS,
  );
});
