/** Counts the error lines in a track's logs. Only counts leave here: a line may hold secrets. */
import { markEnd, readLines, type LogMark } from './log-tail.js';

/** Where the reading of each log file stands, by its path. */
export type LogMarks = Readonly<Record<string, LogMark>>;

export interface ErrorLineCount {
  /** Null: none of the files is there. */
  readonly errorLines: number | null;
  readonly marks: LogMarks;
}

/** Counts the lines after the marks that a pattern matches; a file seen first counts from its end. */
export async function countErrorLines(
  paths: readonly string[],
  marks: LogMarks,
  patterns: readonly RegExp[],
): Promise<ErrorLineCount> {
  let errorLines = 0;
  const take = (line: string): void => {
    if (patterns.some((pattern) => pattern.test(line))) errorLines += 1;
  };
  const moved: Record<string, LogMark> = {};
  for (const path of paths) {
    const mark = marks[path];
    moved[path] = await (mark === undefined ? markEnd(path) : readLines(path, mark, take));
  }
  const anyFile = Object.values(moved).some(({ inode }) => inode !== null);
  return { errorLines: anyFile ? errorLines : null, marks: moved };
}

/** The marks at the ends of the files: what is in them now is not counted. */
export async function passOver(paths: readonly string[]): Promise<LogMarks> {
  const marks = paths.map(async (path) => [path, await markEnd(path)] as const);
  return Object.fromEntries(await Promise.all(marks));
}
