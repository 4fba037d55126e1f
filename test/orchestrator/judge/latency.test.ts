import { describe, expect, it } from 'vitest';
import { createJudge } from '../../../orchestrator/judge/judge.js';
import type { CallEvent } from '../../../orchestrator/judge/types.js';
import { POLICY } from './policy.js';

const MINUTE_MS = 60_000;

/** Ten calls a second, one of them on the canary; stable's take 10 to 29 ms. */
function latencyAfter(minutes: number, canaryMs: (atMs: number, usualMs: number) => number) {
  const judge = createJudge(POLICY);
  const rollout = { startedAtMs: 0, windowMs: 120 * MINUTE_MS, weight: 0.1 };
  judge.add({ type: 'rollout', service: 's', ...rollout });
  for (let i = 0; i < minutes * 600; i += 1) {
    const atMs = i * 100;
    const usualMs = 10 + ((i * 7) % 20);
    const canary = i % 10 === 0;
    const call: CallEvent = {
      type: 'call',
      atMs,
      track: canary ? 'canary' : 'stable',
      session: `s${i % 200}`,
      tool: 'scrape',
      outcome: 'ok',
      latencyMs: canary ? canaryMs(atMs, usualMs) : usualMs,
    };
    judge.add(call);
  }
  return judge.assess(minutes * MINUTE_MS).checks.find(({ check }) => check === 'latency')!;
}

describe('latency', () => {
  it('passes a canary that answers like stable', () => {
    expect(latencyAfter(20, (_, usualMs) => usualMs).state).toBe('pass');
  });

  it('fails a canary that is slow', () => {
    const found = latencyAfter(20, (_, usualMs) => usualMs * 3);
    expect(found.state).toBe('fail');
    expect(found.reason).toMatch(
      /slower than stable's 95th percentile, .* times better than .*; most of it in scrape$/,
    );
  });

  it('forgives a fresh process that it is slow at first', () => {
    const found = latencyAfter(20, (atMs, usualMs) => (atMs < MINUTE_MS ? usualMs * 10 : usualMs));
    expect(found.state).toBe('pass');
  });

  it('compares nothing during the warm-up', () => {
    const found = latencyAfter(1, (_, usualMs) => usualMs * 10);
    expect(found).toMatchObject({
      state: 'pass',
      reason: '0 answers to compare after the warm-up',
    });
  });
});
