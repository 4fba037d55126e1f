/** Writes what commands print into docs/terminal.md, between its marks, and the watch's picture. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../common/package.js';
import { takeCaptures } from './captures.js';
import { terminalSvg } from './terminal-svg.js';

const COLUMNS = 80;

process.env['TZ'] = 'UTC';
const docs = join(packageRoot(), 'docs');
const file = join(docs, 'terminal.md');
const { texts, screen } = await takeCaptures();
const marked = /(<!-- capture: ([\w-]+) -->\n```\n)[^]*?(\n```)/g;
const text = readFileSync(file, 'utf8').replace(
  marked,
  (whole, begin: string, name: string, end: string) => {
    const capture = texts.get(name);
    return capture === undefined ? whole : begin + capture + end;
  },
);
writeFileSync(file, text);
writeFileSync(join(docs, 'images', 'terminal-watch.svg'), terminalSvg(screen, COLUMNS));
process.stdout.write(`${file}\n`);
