/**
 * Reads what was appended to a log file since the last time, line by line.
 *
 * 1. One reading takes at most `MAX_BYTES`; what is left over is taken by the next.
 * 2. Nothing of the text is kept between two readings: a line without its end is read again with
 *    its rest. One that is too long is given as far as `MAX_LINE_BYTES`, once, and its rest passed over.
 * 3. A rotated file is read to its end where it was renamed to, then the new one from its beginning.
 *    A file that has become shorter was truncated, and is read from its beginning.
 */
import { constants } from 'node:fs';
import { open, readdir, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';

const MAX_BYTES = 1 << 20;
const MAX_LINE_BYTES = 8 << 10;
/** A folder of more rotated logs than this is not searched to its end. */
const MAX_ROTATED = 1_000;
const NEWLINE = 0x0a;

/** Where the reading of a log file stands. */
export interface LogMark {
  /** Of the file that was read last. Null: there was none, the first to appear is read whole. */
  readonly inode: number | null;
  readonly offset: number;
  /** The offset is within a line that was given already. */
  readonly insideLine: boolean;
}

const NO_FILE: LogMark = { inode: null, offset: 0, insideLine: false };

interface LogFile {
  readonly handle: FileHandle;
  readonly inode: number;
  readonly size: number;
}

/** The end of the file as it is now. */
export async function markEnd(path: string): Promise<LogMark> {
  const file = await openLog(path);
  if (file === null) return NO_FILE;
  await file.handle.close();
  return { inode: file.inode, offset: file.size, insideLine: false };
}

/**
 * Gives each whole line after the mark, without its end, and returns the mark for the next time.
 * A file that cannot be read, or is no regular one, has no lines.
 */
export async function readLines(
  path: string,
  mark: LogMark,
  take: (line: string) => void,
): Promise<LogMark> {
  const file = await openLog(path);
  try {
    if (file !== null && file.inode === mark.inode) return await readOn(file, mark, take);
    const rotated = await readRotated(path, mark, take);
    if (rotated !== null && (file === null || rotated.more)) return rotated.mark;
    return file === null ? mark : await readOn(file, { ...NO_FILE, inode: file.inode }, take);
  } finally {
    await file?.handle.close();
  }
}

/** Goes on in the file that had the path before; null when it is not to be found. */
async function readRotated(
  path: string,
  mark: LogMark,
  take: (line: string) => void,
): Promise<{ readonly mark: LogMark; readonly more: boolean } | null> {
  const file = mark.inode === null ? null : await openRotated(path, mark.inode);
  if (file === null) return null;
  try {
    const next = await readOn(file, mark, take);
    return { mark: next, more: next.offset > mark.offset };
  } finally {
    await file.handle.close();
  }
}

async function openRotated(path: string, inode: number): Promise<LogFile | null> {
  const folder = dirname(path);
  const stem = basename(path, extname(path));
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((each) => each.startsWith(stem)).slice(0, MAX_ROTATED)) {
    const found = await stat(join(folder, name)).catch(() => null);
    if (found?.ino === inode) return openLog(join(folder, name));
  }
  return null;
}

/** Null for what cannot be read, or is no regular file: opening a FIFO would wait for a writer. */
async function openLog(path: string): Promise<LogFile | null> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => null);
  if (handle === null) return null;
  const stats = await handle.stat();
  if (stats.isFile()) return { handle, inode: stats.ino, size: stats.size };
  await handle.close();
  return null;
}

async function readOn(
  { handle, inode, size }: LogFile,
  mark: LogMark,
  take: (line: string) => void,
): Promise<LogMark> {
  const { offset, insideLine } = size < mark.offset ? NO_FILE : mark;
  const buffer = Buffer.allocUnsafe(Math.min(MAX_BYTES, size - offset));
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
  const split = splitLines(buffer.subarray(0, bytesRead), insideLine, take);
  return { inode, offset: offset + split.usedBytes, insideLine: split.insideLine };
}

function splitLines(
  bytes: Buffer,
  insideLine: boolean,
  take: (line: string) => void,
): { readonly usedBytes: number; readonly insideLine: boolean } {
  let inside = insideLine;
  let from = 0;
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
    if (!inside) take(lineText(bytes.subarray(from, end)));
    inside = false;
    from = end + 1;
  }
  const rest = bytes.subarray(from);
  if (!inside && rest.length < MAX_LINE_BYTES) return { usedBytes: from, insideLine: false };
  if (!inside) take(lineText(rest));
  return { usedBytes: bytes.length, insideLine: true };
}

function lineText(bytes: Buffer): string {
  return bytes.toString('utf8', 0, MAX_LINE_BYTES).replace(/\r$/, '');
}
