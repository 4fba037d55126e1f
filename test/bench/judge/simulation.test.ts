import { describe, expect, it } from 'vitest';
import { mannWhitney } from '../../../bench/judge/mann-whitney.js';
import { callsOracle } from '../../../bench/judge/oracle.js';
import { Random } from '../../../bench/judge/random.js';
import { failedChecks, fixedThreshold } from '../../../bench/judge/references.js';
import { trafficOf, WINDOW_MS } from '../../orchestrator/judge/trace.js';

function meanOf(draw: (random: Random) => number, count = 20_000): number {
  const random = new Random(11);
  let sum = 0;
  for (let i = 0; i < count; i += 1) sum += draw(random);
  return sum / count;
}

describe('randomness', () => {
  it('is the same for the same seed, and another for another', () => {
    const draws = (seed: number) => {
      const random = new Random(seed);
      return Array.from({ length: 5 }, () => random.uniform());
    };
    expect(draws(3)).toEqual(draws(3));
    expect(draws(3)).not.toEqual(draws(4));
  });

  it('has the means and spreads that it is asked for', () => {
    expect(meanOf((random) => random.uniform())).toBeCloseTo(0.5, 1);
    expect(meanOf((random) => random.normal() ** 2)).toBeCloseTo(1, 1);
    expect(meanOf((random) => random.geometric(20)) / 20).toBeCloseTo(1, 1);
    expect(meanOf((random) => random.poisson(0.4))).toBeCloseTo(0.4, 1);
    expect(meanOf((random) => random.beta(0.2, 5))).toBeCloseTo(0.2, 2);
    const variance = meanOf((random) => (random.beta(0.2, 5) - 0.2) ** 2);
    expect(variance).toBeCloseTo((0.2 * 0.8) / 6, 2);
  });
});

describe('traffic', () => {
  it('has the sessions, calls, share and errors that it is asked for', () => {
    const calls = trafficOf(1, { errorRate: () => 0.05 });
    const sessions = new Set(calls.map(({ session }) => session));
    const canary = calls.filter(({ track }) => track === 'canary').length / calls.length;
    const errors = calls.filter(({ outcome }) => outcome !== 'ok').length / calls.length;
    expect(sessions.size).toBeGreaterThan(550);
    expect(calls.length / sessions.size).toBeCloseTo(20, -1);
    expect(canary).toBeCloseTo(0.1, 1);
    expect(errors).toBeCloseTo(0.05, 1);
    expect([...calls].sort((a, b) => a.atMs - b.atMs)).toEqual(calls);
  });
});

describe('the others', () => {
  const bad = trafficOf(1, { errorRate: (canary) => (canary ? 0.3 : 0.01) });

  it('take a bad canary back', () => {
    expect(fixedThreshold(bad, WINDOW_MS)).not.toBeNull();
    expect(failedChecks(bad, WINDOW_MS)).not.toBeNull();
    const oracle = callsOracle(0.01, 0.3, 5);
    expect(bad.some((call) => oracle(call))).toBe(true);
  });

  it('count no data as failed (Flagger) or not at all (Argo)', () => {
    expect(fixedThreshold([], WINDOW_MS)).toBeNull();
    expect(failedChecks([], WINDOW_MS)).toBe(5 * 60_000);
  });

  it('estimate the shift between two samples, with its lower end', () => {
    const b = Array.from({ length: 40 }, (_, i) => i / 10);
    const { estimate, low } = mannWhitney(
      b.map((value) => value + 5),
      b,
    );
    expect(estimate).toBeCloseTo(5, 1);
    expect(low).toBeGreaterThan(3.5);
    expect(low).toBeLessThan(5);
  });
});
