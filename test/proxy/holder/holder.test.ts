/** When the holder gives up; how it replaces a worker that serves: takeover.test.ts. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Holder } from '../../../proxy/holder/holder.js';

const WORKER = fileURLToPath(new URL('../../fixtures/workers/dies.mjs', import.meta.url));

describe('a holder', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'canary-holder-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  /** Runs one whose workers die; time passes at once. */
  async function run(serves: 'first' | 'never') {
    const file = join(dir, 'starts');
    const pauses: number[] = [];
    const clock = {
      now: () => 0,
      sleep: (ms: number) => Promise.resolve(void pauses.push(ms)),
    };
    const command = { script: WORKER, args: [file, serves] };
    const code = await new Holder({ command, clock, log: pino({ level: 'silent' }) }).run();
    return { code, pauses, starts: readFileSync(file, 'utf8').split('\n').length - 1 };
  }

  it('ends with the exit code of a first worker that never served', async () => {
    expect(await run('never')).toEqual({ code: 3, pauses: [], starts: 1 });
  });

  it('starts another after longer and longer pauses, and gives up when ten in a row have failed', async () => {
    const { code, pauses, starts } = await run('first');
    expect([code, starts]).toEqual([3, 12]);
    expect(pauses).toEqual([50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000, 5_000]);
  });
});
