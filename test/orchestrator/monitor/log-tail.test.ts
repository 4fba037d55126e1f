import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { markEnd, readLines, type LogMark } from '../../../orchestrator/monitor/log-tail.js';

let dir: string;
let log: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'log-tail-'));
  log = join(dir, 'app-out.log');
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** What one reading gives, and the mark as it comes back from the store. */
async function read(mark: LogMark): Promise<{ lines: string[]; mark: LogMark }> {
  const lines: string[] = [];
  const next = await readLines(log, mark, (line) => lines.push(line));
  return { lines, mark: JSON.parse(JSON.stringify(next)) as LogMark };
}

describe('a log file', () => {
  it('is read from its end on, each line once', async () => {
    writeFileSync(log, 'old\n');
    const start = await markEnd(log);
    appendFileSync(log, 'one\ntwo\r\n');
    const first = await read(start);
    expect(first.lines).toEqual(['one', 'two']);
    expect((await read(first.mark)).lines).toEqual([]);
  });

  it('gives a line when its end is there, whole', async () => {
    writeFileSync(log, '');
    const start = await markEnd(log);
    appendFileSync(log, 'one\nTrace');
    const first = await read(start);
    expect(first.lines).toEqual(['one']);
    appendFileSync(log, 'back\n');
    expect((await read(first.mark)).lines).toEqual(['Traceback']);
  });

  it('gives a line without an end once, cut, and goes on after its end', async () => {
    writeFileSync(log, '');
    let at = await read(await markEnd(log));
    const seen: string[] = [];
    for (const text of ['x'.repeat(9_000), 'y'.repeat(9_000), 'z\nnext\n']) {
      appendFileSync(log, text);
      at = await read(at.mark);
      seen.push(...at.lines);
    }
    expect(seen).toEqual(['x'.repeat(8_192), 'next']);
  });

  it('that appears later is read from its beginning', async () => {
    const start = await markEnd(log);
    const nothing = await read(start);
    writeFileSync(log, 'one\n');
    expect((await read(nothing.mark)).lines).toEqual(['one']);
  });

  it('that was truncated is read from its beginning', async () => {
    writeFileSync(log, 'a long line of before\n');
    const start = await markEnd(log);
    truncateSync(log);
    expect((await read(start)).lines).toEqual([]);
    appendFileSync(log, 'new\n');
    expect((await read(start)).lines).toEqual(['new']);
  });

  it('that was renamed is read to its end, then the new one', async () => {
    writeFileSync(log, 'old\n');
    const start = await markEnd(log);
    appendFileSync(log, 'before\n');
    renameSync(log, `${log}.1`);
    const whileGone = await read(start);
    expect(whileGone.lines).toEqual(['before']);
    appendFileSync(`${log}.1`, 'meanwhile\n');
    writeFileSync(log, 'after\n');
    const rest = await read(whileGone.mark);
    const fresh = await read(rest.mark);
    expect([...rest.lines, ...fresh.lines]).toEqual(['meanwhile', 'after']);
    expect((await read(fresh.mark)).lines).toEqual([]);
  });

  it('whose old one is gone is read from the new beginning', async () => {
    writeFileSync(log, 'old\n');
    const start = await markEnd(log);
    renameSync(log, join(dir, 'elsewhere'));
    writeFileSync(log, 'after\n');
    expect((await read(start)).lines).toEqual(['after']);
  });

  it('of any size is read in bounded pieces', async () => {
    writeFileSync(log, '');
    const start = await markEnd(log);
    const line = `${'x'.repeat(99)}\n`;
    appendFileSync(log, line.repeat(30_000));
    const counts: number[] = [];
    for (let at = await read(start); at.lines.length > 0; at = await read(at.mark)) {
      counts.push(at.lines.length);
    }
    expect(Math.max(...counts)).toBeLessThanOrEqual((1 << 20) / line.length);
    expect(counts.reduce((sum, count) => sum + count)).toBe(30_000);
  });

  it('that is none has no lines', async () => {
    mkdirSync(join(dir, 'folder'));
    execFileSync('mkfifo', [join(dir, 'fifo')]);
    for (const path of [join(dir, 'folder'), join(dir, 'fifo'), '/dev/null', '', join(dir, 'no')]) {
      const mark = await markEnd(path);
      expect([path, mark.inode]).toEqual([path, null]);
      const take = (line: string): never => expect.fail(line);
      expect(await readLines(path, mark, take)).toEqual(mark);
    }
  });
});

it('gives the same lines however the writing and the reading interleave', async () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'ö', '\n', ' '), maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(fc.array(text, { maxLength: 12 }), async (pieces) => {
      writeFileSync(log, '');
      let mark = await markEnd(log);
      const seen: string[] = [];
      for (const piece of pieces) {
        // Bytes, so that a reading may find half a character.
        for (const byte of Buffer.from(piece).subarray(0, 3)) {
          appendFileSync(log, Buffer.from([byte]));
          mark = await readLines(log, mark, (line) => seen.push(line));
        }
        appendFileSync(log, Buffer.from(piece).subarray(3));
        mark = await readLines(log, mark, (line) => seen.push(line));
      }
      expect(seen).toEqual(pieces.join('').split('\n').slice(0, -1));
    }),
    { numRuns: 50 },
  );
});
