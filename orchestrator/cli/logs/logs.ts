/**
 * The logs of both tracks side by side: the end of each, then what is appended, each line with the
 * track that it is from. Log files may be rotated, truncated, or not there yet.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../../common/clock.js';
import type { LogSource } from '../../control/log-files.js';
import { lastLines } from '../../monitor/last-lines.js';
import { markEnd, readLines, type LogMark } from '../../monitor/log-tail.js';
import { painted, span, type Tone } from '../terminal/line.js';

const POLL_MS = 250;
/** So often it is asked where the logs are. */
const SOURCES_EVERY_MS = 2_000;
/** A file that was not there when the following began is read from its beginning. */
const FROM_THE_BEGINNING: LogMark = { inode: null, offset: 0, insideLine: false };

/** `canary err | text`, the same columns for every source. */
export function logLine({ track, stream }: LogSource, text: string, color: boolean): string {
  const mark = `${track.padEnd('stable'.length)} ${stream.padEnd('out'.length)} | `;
  const tone: Tone = track === 'canary' ? 'care' : 'faint';
  return painted([span(mark, tone), span(text, stream === 'err' ? 'strong' : 'plain')], color);
}

/** The last lines of each source, source by source. */
export async function printEnds(
  sources: readonly LogSource[],
  count: number,
  print: (source: LogSource, line: string) => void,
): Promise<void> {
  for (const source of sources) {
    for (const line of await lastLines(source.path, count)) print(source, line);
  }
}

export interface Following {
  readonly clock: Clock;
  /** Asked again and again: a canary's log begins with the canary. */
  readonly sources: () => Promise<readonly LogSource[]>;
  readonly print: (source: LogSource, line: string) => void;
  readonly stopped: AbortSignal | undefined;
}

/** Prints what is appended until it is stopped. What was there before it began is passed over. */
export async function follow({ clock, sources, print, stopped }: Following): Promise<void> {
  const marks = new Map<string, LogMark>();
  let known = await sources();
  for (const { path } of known) marks.set(path, await markEnd(path));
  let askedAtMs = clock.now();
  while (stopped?.aborted !== true) {
    for (const source of known) await readOn(marks, source, print);
    await clock.sleep(POLL_MS, stopped);
    if (clock.now() - askedAtMs < SOURCES_EVERY_MS) continue;
    askedAtMs = clock.now();
    known = await sources();
  }
}

/** Reads until there is nothing more: one reading takes a bounded piece. */
async function readOn(
  marks: Map<string, LogMark>,
  source: LogSource,
  print: (source: LogSource, line: string) => void,
): Promise<void> {
  for (;;) {
    const mark = marks.get(source.path) ?? FROM_THE_BEGINNING;
    const next = await readLines(source.path, mark, (line) => print(source, line));
    marks.set(source.path, next);
    if (next.inode === mark.inode && next.offset === mark.offset) return;
    await nextTurn();
  }
}
