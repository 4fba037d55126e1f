/** The end of a log file, read backwards. */
import { open, type FileHandle } from 'node:fs/promises';
import { constants } from 'node:fs';

const PIECE_BYTES = 64 << 10;
/** However few line ends there are, no more than this is read. */
const MAX_BYTES = 4 << 20;
const NEWLINE = 0x0a;

/** The last so many whole lines, without their ends; none when there is no such file. */
export async function lastLines(path: string, count: number): Promise<readonly string[]> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => null);
  if (handle === null) return [];
  try {
    const stats = await handle.stat();
    return stats.isFile() ? await readBack(handle, stats.size, count) : [];
  } finally {
    await handle.close();
  }
}

async function readBack(handle: FileHandle, size: number, count: number): Promise<string[]> {
  let from = size;
  let bytes = Buffer.alloc(0);
  while (from > 0 && size - from < MAX_BYTES && lineEnds(bytes) <= count) {
    const length = Math.min(PIECE_BYTES, from);
    from -= length;
    const piece = Buffer.alloc(length);
    const { bytesRead } = await handle.read(piece, 0, length, from);
    bytes = Buffer.concat([piece.subarray(0, bytesRead), bytes]);
  }
  const whole = bytes.subarray(0, bytes.lastIndexOf(NEWLINE) + 1).toString('utf8');
  const lines = whole.split('\n').slice(0, -1);
  // The first line may have begun before what was read.
  const known = from > 0 ? lines.slice(1) : lines;
  return count === 0 ? [] : known.slice(-count).map((line) => line.replace(/\r$/, ''));
}

function lineEnds(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) if (byte === NEWLINE) count += 1;
  return count;
}
