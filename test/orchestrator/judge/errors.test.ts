import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createJudge } from '../../../orchestrator/judge/judge.js';
import type { CallEvent, EvidenceEvent } from '../../../orchestrator/judge/types.js';
import { POLICY } from './policy.js';
import { checkOf, judged, MINUTE_MS, START, trafficOf, WINDOW_MS } from './trace.js';

const worse = (seed: number) => trafficOf(seed, { errorRate: (canary) => (canary ? 0.2 : 0.01) });

describe('errors', () => {
  it('pass an equal canary, with the difference and its interval', () => {
    const found = checkOf(judged(trafficOf(1)), 'errors');
    expect(found.state).toBe('pass');
    expect(found.reason).toMatch(/canary [+-][\d.]+ points \[-[\d.]+, \+[\d.]+\]$/);
  });

  it('fail a worse canary when the evidence is complete, and stay failed', () => {
    const found = checkOf(judged(worse(1)), 'errors');
    expect(found.state).toBe('fail');
    expect(found.failedAtMs).toBeLessThan(60 * MINUTE_MS);
    expect(found.numbers['likelihoodRatio']).toBeGreaterThan(found.numbers['threshold']!);
  });

  it('are the same however often somebody asks, and whenever', () => {
    const calls = worse(2);
    const once = judged(calls);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: calls.length }), { maxLength: 20 }),
        (looks) => {
          const judge = createJudge(POLICY);
          judge.add(START);
          calls.forEach((call, i) => {
            judge.add(call);
            if (looks.includes(i)) judge.assess(call.atMs);
          });
          expect(judge.assess(WINDOW_MS)).toEqual(once);
        },
      ),
      { numRuns: 10 },
    );
  });

  it('do not count what clients do', () => {
    const calls = trafficOf(4).map((call): CallEvent => {
      const outcome = Number(call.session.slice(1)) % 2 === 0 ? 'client_error' : 'client_gone';
      return call.track === 'canary' && call.outcome !== 'ok' ? { ...call, outcome } : call;
    });
    expect(checkOf(judged(calls), 'errors').numbers['canaryErrors']).toBe(0);
  });

  it('hold isError results against stable only, never against the limit', () => {
    const failing = (outcome: CallEvent['outcome']) =>
      trafficOf(5).map((call): CallEvent => ({ ...call, outcome }));
    expect(checkOf(judged(failing('tool_error')), 'errors').state).toBe('pass');
  });

  it('break the absolute limit even without a stable to compare with', () => {
    const calls = trafficOf(6, { weight: () => 1 }).map((call): CallEvent => ({
      ...call,
      outcome: 'http_error',
    }));
    const found = checkOf(judged(calls), 'errors');
    expect(found.state).toBe('fail');
    expect(found.reason).toMatch(/more than the limit of 25 %/);
  });

  it('say what condemned the canary: the ratio, not the interval', () => {
    const { state, reason } = checkOf(judged(worse(1)), 'errors');
    expect(state).toBe('fail');
    expect(reason).toMatch(
      /: canary \+[\d.]+ points; a worse canary explains that (?:[\d,]+|over a million) times better than an equal one, [\d,]+ times is enough; most of it in [\w-]+$/,
    );
  });

  it('put up with what is within the tolerance', () => {
    const tolerant = { ...POLICY, errors: { ...POLICY.errors, overStable: 0.5 } };
    expect(checkOf(judged(worse(1), tolerant), 'errors').state).toBe('pass');
  });

  it('pass early only once the difference is bounded below the tolerance', () => {
    const early = { ...POLICY, early: true, errors: { ...POLICY.errors, overStable: 0.1 } };
    const calls = trafficOf(7, { sessionsPerHour: 1500 });
    const unlimited: EvidenceEvent = { ...START, rssLimitBytes: null };
    const sample: EvidenceEvent = {
      type: 'process',
      atMs: 0,
      track: 'canary',
      rssBytes: 1e6,
      restarts: 0,
      uptimeMs: 0,
      sessionsOpened: 0,
      calls: 0,
    };
    const verdict = (atMs: number) => {
      const judge = createJudge(early);
      const seen = calls.filter((call) => call.atMs <= atMs);
      for (const event of [unlimited, sample, ...seen]) judge.add(event);
      return judge.assess(atMs).verdict;
    };
    expect(verdict(8 * MINUTE_MS)).toBe('inconclusive');
    expect(verdict(110 * MINUTE_MS)).toBe('pass');
  });
});
