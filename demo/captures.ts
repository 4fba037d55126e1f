/**
 * What commands print, over simulated rollouts at a fixed time: docs/terminal.md shows it, and a
 * test holds it to that. The watch's screen is a picture too, with its colours.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homeFrom } from '../common/home.js';
import { logLine } from '../orchestrator/cli/logs/logs.js';
import { runCli } from '../orchestrator/cli/program.js';
import { textOf, type Line } from '../orchestrator/cli/terminal/line.js';
import { changeLines } from '../orchestrator/cli/watch/changes.js';
import type { WatchDocument } from '../orchestrator/cli/watch/document.js';
import { watchView } from '../orchestrator/cli/watch/view.js';
import { openExhibit, type Exhibit } from './exhibit.js';
import { serveExhibit } from './exhibit-control.js';
import { exhibitStories } from './stories.js';

const NOW_MS = Date.UTC(2026, 0, 15, 14, 20);
const COLUMNS = 80;
const SHOWN = new Set(['mcp-scraper-8', 'mcp-search-3']);

export interface Captures {
  /** By the name that the document has for it. */
  readonly texts: ReadonlyMap<string, string>;
  /** The watch's screen. */
  readonly screen: readonly Line[];
}

/** Takes them all. Times are in the process's time zone: UTC for the document. */
export async function takeCaptures(): Promise<Captures> {
  const stories = exhibitStories(NOW_MS).filter(({ service, number }) =>
    SHOWN.has(`${service}-${number}`),
  );
  const exhibit = openExhibit(stories);
  try {
    const status = await exhibit.desk.status();
    const doc: WatchDocument = { nowMs: NOW_MS, status, away: null, only: 'mcp-scraper' };
    const screen = watchView(doc, COLUMNS);
    const texts = new Map([
      ['watch', screen.map(textOf).join('\n').trimEnd()],
      ['watch-piped', changeLines(null, { ...doc, only: null }).join('\n')],
      ['explain', await printed(exhibit, 'explain', 'mcp-search-3')],
      ['logs', logLines()],
    ]);
    return { texts, screen };
  } finally {
    exhibit.dispose();
  }
}

/** What a command prints when its output is no terminal. */
async function printed(exhibit: Exhibit, ...args: readonly string[]): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'canary-captures-'));
  const env = { CANARY_HOME: dir };
  const close = await serveExhibit(exhibit, homeFrom(env).controlSocket);
  const lines: string[] = [];
  const out = (text: string): void => void lines.push(text);
  try {
    await runCli(args, { out, err: out, env, cwd: dir, color: false });
    return lines.join('\n');
  } finally {
    await close();
    rmSync(dir, { recursive: true, force: true });
  }
}

function logLines(): string {
  const stable = { track: 'stable', stream: 'out', path: '' } as const;
  const canary = { track: 'canary', stream: 'err', path: '' } as const;
  return [
    logLine(stable, 'GET https://example.org 200 in 312 ms', false),
    logLine({ ...stable, track: 'canary' }, 'GET https://example.org 200 in 298 ms', false),
    logLine(canary, 'Traceback (most recent call last):', false),
    logLine(canary, '\u001b[31mKeyError: "title"\u001b[0m', false),
  ].join('\n');
}
