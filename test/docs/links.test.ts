import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../common/package.js';
import { anchor } from '../../tools/docs/markdown.js';
import { documents, type Document } from './documents.js';

const root = packageRoot();
const all = documents();

/** Targets of `[text](target)` and `![text](target)` that lead to files of this program. */
function localLinks({ prose }: Document): string[] {
  return [...prose.matchAll(/\]\(([^()\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target));
}

function anchorsOf(path: string): Set<string> {
  const seen = new Map<string, number>();
  const headings = readFileSync(join(root, path), 'utf8')
    .replaceAll(/^ *```.*?^ *```$/gms, '')
    .matchAll(/^#{1,6} (.*)$/gm);
  return new Set(
    [...headings].map(([, heading]) => {
      const plain = anchor(heading!.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1'));
      const count = seen.get(plain) ?? 0;
      seen.set(plain, count + 1);
      return count === 0 ? plain : `${plain}-${count}`;
    }),
  );
}

test.each(all)('the links of $path lead somewhere', (document) => {
  for (const link of localLinks(document)) {
    const [file = '', fragment] = link.split('#');
    const path = file === '' ? document.path : normalize(join(dirname(document.path), file));
    expect(existsSync(join(root, path)), `${link} in ${document.path}`).toBe(true);
    if (fragment === undefined) continue;
    expect([...anchorsOf(path)], `${link} in ${document.path}`).toContain(fragment);
  }
});

/** The folders that docs/architecture.md leaves out of the names of the orchestrator's files. */
const SHORT = ['', 'orchestrator/'];

test('every file that docs/architecture.md names is there', () => {
  const { prose } = all.find(({ path }) => path === 'docs/architecture.md')!;
  const named = [...prose.matchAll(/`([\w./-]+(?:\.(?:ts|js|md|yaml)|\/))`/g)]
    .map(([, name]) => name!)
    // The operator's own.
    .filter((name) => name !== 'canary.yaml');
  expect(named.length).toBeGreaterThan(30);
  const missing = named.filter(
    (name) => !SHORT.some((folder) => existsSync(join(root, folder, name))),
  );
  expect(missing).toEqual([]);
  const folders = named.filter((name) => name.endsWith('/'));
  for (const folder of folders) {
    const found = SHORT.map((short) => join(root, short, folder)).find((path) => existsSync(path))!;
    expect(statSync(found).isDirectory()).toBe(true);
  }
});

test('docs/README.md leads to every document', () => {
  const index = all.find(({ path }) => path === 'docs/README.md')!;
  const linked = localLinks(index).map((link) => normalize(join('docs', link)));
  const documents = all.map(({ path }) => path).filter((path) => /^docs\/[^/]+\.md$/.test(path));
  expect(linked).toEqual(expect.arrayContaining(documents.filter((path) => path !== index.path)));
});
