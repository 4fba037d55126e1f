/** Where this program is installed, and its version. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The folder of this program's package.json: above the sources as well as above the build.
 * @throws Error when there is none: the build was taken out of its package.
 */
export function packageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    if (folder === dirname(folder)) {
      throw new Error(`no package.json in ${import.meta.dirname} or above, wanted this program's`);
    }
    folder = dirname(folder);
  }
  return folder;
}

export function packageVersion(): string {
  const text = readFileSync(join(packageRoot(), 'package.json'), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

/** The file that starts this program's two processes under PM2. */
export function ecosystemFile(): string {
  return join(packageRoot(), 'ecosystem.config.js');
}
