/** The page's files, read once: they are few and small, and nothing else can be asked for. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { packageRoot } from '../../common/package.js';

export interface PageFile {
  readonly contentType: string;
  readonly body: Buffer;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The files by their URL path; `/` is the page itself. uPlot comes from where npm put it. */
export function pageFiles(): ReadonlyMap<string, PageFile> {
  const page = join(packageRoot(), 'orchestrator', 'dashboard', 'page');
  const uplot = dirname(createRequire(import.meta.url).resolve('uplot'));
  const files = new Map<string, PageFile>();
  for (const name of readdirSync(page)) addFile(files, `/${name}`, join(page, name));
  addFile(files, '/uplot.js', join(uplot, 'uPlot.esm.js'));
  addFile(files, '/uplot.css', join(uplot, 'uPlot.min.css'));
  const index = files.get('/index.html');
  if (index !== undefined) files.set('/', index);
  return files;
}

function addFile(files: Map<string, PageFile>, path: string, file: string): void {
  const contentType = CONTENT_TYPES[extname(file)];
  if (contentType !== undefined) files.set(path, { contentType, body: readFileSync(file) });
}
