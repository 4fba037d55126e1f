import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dashboardToken, sameToken } from '../../../orchestrator/dashboard/token.js';
import { RateLimit } from '../../../orchestrator/dashboard/rate-limit.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'token-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('the token', () => {
  it('is made once, of 32 bytes, for its owner only', () => {
    const file = join(dir, 'token');
    const token = dashboardToken(file);
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(dashboardToken(file)).toBe(token);
    expect(dashboardToken(join(dir, 'other'))).not.toBe(token);
  });

  it('is made anew when the file holds something else', () => {
    const file = join(dir, 'token');
    writeFileSync(file, 'guess\n', { mode: 0o644 });
    expect(dashboardToken(file)).toMatch(/^[\w-]{43}$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('is the same or not', () => {
    expect(sameToken('abc', 'abc')).toBe(true);
    for (const other of ['', 'ab', 'abd', 'abcd']) expect(sameToken(other, 'abc')).toBe(false);
  });
});

describe('the rate limit', () => {
  it('allows a burst, then so many a second', () => {
    let nowMs = 0;
    const limit = new RateLimit({ now: () => nowMs }, 2, 1);
    const take = () => [limit.take(), limit.take(), limit.take()];
    expect(take()).toEqual([true, true, false]);
    nowMs += 1_000;
    expect(take()).toEqual([true, false, false]);
    nowMs += 60_000;
    expect(take()).toEqual([true, true, false]);
  });
});
