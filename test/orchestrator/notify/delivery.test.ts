import { expect, test } from 'vitest';
import {
  backoffMs,
  failed,
  MAX_AGE_MS,
  MAX_ATTEMPTS,
  nextAfter,
  refused,
} from '../../../orchestrator/notify/delivery.js';

test('the pause doubles up to five minutes, and jitter takes at most half of it', () => {
  expect([1, 2, 3, 9, 10, 100].map((attempt) => backoffMs(attempt, 1))).toEqual([
    1_000, 2_000, 4_000, 256_000, 300_000, 300_000,
  ]);
  expect(backoffMs(3, 0)).toBe(2_000);
  expect(backoffMs(3, 0.5)).toBe(3_000);
});

test('a receiver’s own wish makes the pause longer, never shorter', () => {
  expect(nextAfter(failed('busy', 60_000), 1, 0, 1)).toEqual({ kind: 'again', delayMs: 60_000 });
  expect(nextAfter(failed('busy', 1), 3, 0, 1)).toEqual({ kind: 'again', delayMs: 4_000 });
});

test('it ends: refused, after the last attempt, or when it would be too old', () => {
  expect(nextAfter(refused('answered 404'), 1, 0, 0)).toMatchObject({ kind: 'give-up' });
  expect(nextAfter(failed('x'), MAX_ATTEMPTS - 1, 0, 0)).toMatchObject({ kind: 'again' });
  expect(nextAfter(failed('x'), MAX_ATTEMPTS, 0, 0)).toEqual({
    kind: 'give-up',
    reason: 'x; 12 attempts were made',
  });
  expect(nextAfter(failed('x'), 1, MAX_AGE_MS - 999, 1)).toEqual({
    kind: 'give-up',
    reason: 'x; it would be over an hour old',
  });
});
