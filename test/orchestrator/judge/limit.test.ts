import { describe, expect, it } from 'vitest';
import { LimitTest } from '../../../orchestrator/judge/limit.js';
import { SessionHistories } from '../../../orchestrator/judge/session-history.js';

function limitTest() {
  const test = new LimitTest(0.25, 0.01);
  const histories = new SessionHistories();
  return {
    call(atMs: number, canary: boolean, session: string, failed: boolean) {
      const history = histories.of(session);
      test.add(atMs, canary, failed, history);
      history.calls += 1;
      if (failed) history.incidents += 1;
    },
    breached: () => test.breached(),
  };
}

describe('absolute limit', () => {
  it('is broken by failures in many sessions', () => {
    const limit = limitTest();
    for (let i = 0; i < 100; i += 1) limit.call(i * 100, true, `c${i % 10}`, i % 10 < 8);
    expect(limit.breached()).toBe(true);
  });

  it('is not broken by one session, however much of it fails', () => {
    const limit = limitTest();
    for (let i = 0; i < 100; i += 1) limit.call(i * 100, true, 'alone', true);
    expect(limit.breached()).toBe(false);
  });

  it('is not broken by a rate near it', () => {
    const limit = limitTest();
    for (let i = 0; i < 2000; i += 1) limit.call(i * 100, true, `c${i % 50}`, i % 4 === 0);
    expect(limit.breached()).toBe(false);
  });

  it('does not count the minutes in which stable breaks it too', () => {
    const limit = limitTest();
    for (let i = 0; i < 500; i += 1) {
      limit.call(i * 100, false, `s${i % 20}`, true);
      limit.call(i * 100, true, `c${i % 10}`, true);
    }
    expect(limit.breached()).toBe(false);
  });
});
