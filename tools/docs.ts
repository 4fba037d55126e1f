/** `npm run docs`: writes the documents that are made from the program. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../common/package.js';
import { madePages } from './docs/pages.js';

for (const [path, text] of Object.entries(madePages())) {
  writeFileSync(join(packageRoot(), path), text);
  process.stdout.write(`${path}\n`);
}
