/** Walks through documents with the package as the npm of a version of Node installs it. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { packageRoot } from '../../common/package.js';
import { openSandbox } from '../walkthrough/sandbox.js';
import { walk, WalkError } from '../walkthrough/walk.js';
import { npmSettings, type Node } from './nodes.js';

/** Packs what is built, as `npm pack` does. Gives the tarball's path. */
export function packInto(folder: string): string {
  // --ignore-scripts: `prepare` would build what is built.
  const pack = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder];
  execFileSync('npm', pack, { cwd: packageRoot(), stdio: 'ignore' });
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error(`npm pack has put no tarball into ${folder}`);
  return join(folder, tarball);
}

/**
 * One document of docs/ after the other, in one home folder with the tarball in it. Gives what went
 * otherwise than written, or null.
 */
export async function walkOn(
  node: Node,
  tarball: string,
  documents: readonly string[],
): Promise<string | null> {
  const sandbox = await openSandbox({ path: [node.bin], env: await npmSettings() });
  try {
    copyFileSync(tarball, join(sandbox.home, basename(tarball)));
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
