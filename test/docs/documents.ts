/** The documents of this program, taken apart for the tests that hold them true. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../common/package.js';

export interface Block {
  /** What stands behind the opening fence, such as `yaml fragment`. */
  readonly info: string;
  readonly text: string;
  /** `docs/steps.md:12` */
  readonly at: string;
}

export interface Document {
  /** From the package's folder. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
  /** The text without its blocks. */
  readonly prose: string;
}

const FENCE = /^( *)```([^\n`]*)\n(.*?)^\1```$/gms;

/** Every Markdown document that is shipped or read on GitHub. */
export function documents(): Document[] {
  const root = packageRoot();
  const inside = ['docs', '.github'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true }).map((file) => join(folder, String(file))),
  );
  const top = readdirSync(root);
  return [...top, ...inside]
    .filter((path) => path.endsWith('.md'))
    .sort()
    .map((path) => documentOf(path, readFileSync(join(root, path), 'utf8')));
}

function documentOf(path: string, text: string): Document {
  const blocks = [...text.matchAll(FENCE)].map((match) => {
    const [, indent = '', info = '', body = ''] = match;
    const line = text.slice(0, match.index).split('\n').length;
    const own = body.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
    return { info: info.trim(), text: own, at: `${path}:${line}` };
  });
  return { path, text, blocks, prose: text.replaceAll(FENCE, '') };
}

/** The words of a line of shell, without its comment; null when it has what only a shell can do. */
export function wordsOf(line: string): string[] | null {
  const words: string[] = [];
  for (const [, double, single, bare] of line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)) {
    if (bare?.startsWith('#')) break;
    if (bare !== undefined && /^[|&;<>]/.test(bare)) return words;
    words.push(double ?? single ?? bare ?? '');
  }
  return words;
}
