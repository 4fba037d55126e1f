import { describe, expect, it } from 'vitest';
import type { CustomCheck as CheckConfig } from '../../../config/types.js';
import { CustomCheck } from '../../../orchestrator/judge/custom.js';

const CONFIG: CheckConfig = {
  name: 'queue',
  source: { kind: 'promql', query: 'up', prometheus: 'http://h' },
  min: null,
  max: 5,
  everyMs: 30_000,
  timeoutMs: 10_000,
  failures: 3,
};

/** The finding after measurements at every 30 s: a number, or null for none. */
function after(values: readonly (number | null)[], laterMs = 0) {
  const check = new CustomCheck(CONFIG);
  for (const [index, value] of values.entries()) {
    const ok = value === null ? null : value <= 5;
    const error = value === null ? 'no answer' : null;
    check.add({ type: 'check', atMs: 30_000 * index, name: 'queue', ok, value, error });
  }
  return check.assess(30_000 * (values.length - 1) + laterMs);
}

describe('a check', () => {
  it('passes with a good measurement, and shows it', () => {
    expect(after([9, 9, 4])).toMatchObject({
      check: 'custom:queue',
      state: 'pass',
      reason: '4, wanted at most 5',
      numbers: { value: 4, good: 1, bad: 2 },
    });
  });

  it('fails at the last of so many bad ones in a row, for good', () => {
    const failed = { state: 'fail', failedAtMs: 90_000, numbers: { badInARow: 3 } };
    expect(after([1, 7, 8, 9])).toMatchObject({
      ...failed,
      reason: '9, wanted at most 5, 3 times in a row',
    });
    expect(after([1, 7, 8, 9, 1, 1, null])).toMatchObject(failed);
  });

  it('is open before that', () => {
    expect(after([])).toMatchObject({ state: 'inconclusive', settled: false });
    expect(after([1, 7, 8])).toMatchObject({
      state: 'inconclusive',
      reason: '8, wanted at most 5, 2 of 3 times in a row',
    });
  });

  it('begins to count anew after a good one', () => {
    expect(after([7, 8, 1, 9])).toMatchObject({
      state: 'inconclusive',
      reason: '9, wanted at most 5, 1 of 3 times in a row',
    });
  });

  it('is in error while it cannot be measured, which is neither good nor bad', () => {
    expect(after([1, null])).toMatchObject({ state: 'error', reason: 'no answer' });
    expect(after([7, null, 7, null])).toMatchObject({ state: 'error' });
    expect(after([7, null, 7, null, 7])).toMatchObject({ state: 'fail' });
  });

  it('is in error when nobody measures any more', () => {
    expect(after([1], 100_000)).toMatchObject({ state: 'pass' });
    expect(after([1], 100_001)).toMatchObject({ state: 'error' });
  });

  it('does not look at other checks', () => {
    const check = new CustomCheck({ ...CONFIG, failures: 1 });
    check.add({ type: 'check', atMs: 0, name: 'other', ok: false, value: 9, error: null });
    expect(check.assess(0)).toMatchObject({ state: 'inconclusive' });
  });
});
