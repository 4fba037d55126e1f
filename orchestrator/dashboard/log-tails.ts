/** The end of what both tracks print, as the page shows it: short enough to be asked for again and again. */
import { sourcesOf, type LogFilesReply } from '../control/log-files.js';
import { lastLines } from '../monitor/last-lines.js';
import type { LogTails } from './messages.js';

/** Of each file. */
const LINES = 60;
const LINE_CHARACTERS = 1_000;

/** The files as they are now; one that cannot be read has no lines. */
export async function logTails(files: LogFilesReply): Promise<LogTails> {
  const tails = sourcesOf(files, ['stable', 'canary']).map(async ({ track, stream, path }) => {
    return { track, stream, lines: (await lastLines(path, LINES)).map(cut) };
  });
  return { tails: await Promise.all(tails) };
}

function cut(line: string): string {
  return line.length > LINE_CHARACTERS ? `${line.slice(0, LINE_CHARACTERS)}…` : line;
}
