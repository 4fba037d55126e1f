import {
  appendFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../common/clock.js';
import { follow, logLine } from '../../../../orchestrator/cli/logs/logs.js';
import { sourcesOf, type LogSource } from '../../../../orchestrator/control/log-files.js';
import { lastLines } from '../../../../orchestrator/monitor/last-lines.js';
import { waitFor } from '../../../support/wait.js';

let dir: string;
let stable: string;
let canary: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'canary-logs-'));
  stable = join(dir, 'app-out.log');
  canary = join(dir, 'app-canary-out.log');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('the end of a file', () => {
  it('is its last whole lines, however long the file', async () => {
    const lines = Array.from({ length: 50_000 }, (_, i) => `line ${i}`);
    writeFileSync(stable, `${lines.join('\r\n')}\r\nhalf a li`);
    expect(await lastLines(stable, 3)).toEqual(lines.slice(-3));
    expect(await lastLines(stable, 20_000)).toEqual(lines.slice(-20_000));
  });

  it('is all of a short one, and nothing of one that is not there', async () => {
    writeFileSync(stable, 'a\nb\n');
    expect(await lastLines(stable, 10)).toEqual(['a', 'b']);
    expect(await lastLines(stable, 0)).toEqual([]);
    expect(await lastLines(join(dir, 'none'), 10)).toEqual([]);
    expect(await lastLines(dir, 10)).toEqual([]);
  });
});

describe('a line', () => {
  const err: LogSource = { track: 'canary', stream: 'err', path: '' };

  it('says where it is from, and steers no terminal', () => {
    expect(logLine(err, 'a\u001b]0;title\u0007b\u001b[2J', false)).toBe(
      'canary err | a\\x1b]0;title\\x07b\\x1b[2J',
    );
    expect(logLine({ ...err, track: 'stable', stream: 'out' }, 'x', false)).toBe('stable out | x');
  });

  it('has the colour of its track on a terminal', () => {
    expect(logLine(err, 'x', true)).toBe('\u001b[33mcanary err | \u001b[0m\u001b[1mx\u001b[0m');
  });
});

it('a file that takes both streams is read once', () => {
  const files = { stable: { out: 'a', err: 'a' }, canary: { out: 'b', err: 'c' } };
  const paths = sourcesOf(files, ['stable', 'canary']).map(({ path }) => path);
  expect(paths).toEqual(['a', 'b', 'c']);
  expect(sourcesOf({ ...files, canary: null }, ['canary'])).toEqual([]);
});

it('what is appended is followed through a rotation, a truncation and a canary that comes later', async () => {
  const printed: string[] = [];
  const stop = new AbortController();
  let files: Parameters<typeof sourcesOf>[0] = {
    stable: { out: stable, err: stable },
    canary: null,
  };
  const sees = (line: string) => waitFor(() => printed.includes(line), { what: line });
  writeFileSync(stable, 'before\n');
  const following = follow({
    clock: systemClock,
    sources: () => Promise.resolve(sourcesOf(files, ['stable', 'canary'])),
    print: (source, line) => printed.push(`${source.track} ${line}`),
    stopped: stop.signal,
  });
  // The end of the file is marked by the time that a first line is seen.
  await waitFor(
    () => {
      appendFileSync(stable, 'one\n');
      return printed.length > 0;
    },
    { what: 'a first line' },
  );

  renameSync(stable, join(dir, 'app-out__1.log'));
  writeFileSync(stable, 'two\n');
  await sees('stable two');

  truncateSync(stable);
  appendFileSync(stable, 'x\n');
  await sees('stable x');

  writeFileSync(canary, 'first of the canary\n');
  files = { ...files, canary: { out: canary, err: canary } };
  await sees('canary first of the canary');

  stop.abort();
  await following;
  expect(printed).not.toContain('stable before');
  expect(printed.filter((line) => line === 'stable two')).toHaveLength(1);
});
