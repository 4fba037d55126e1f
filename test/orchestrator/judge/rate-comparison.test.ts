import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RateComparison } from '../../../orchestrator/judge/rate-comparison.js';
import type { CallEvent } from '../../../orchestrator/judge/types.js';
import { MINUTE_MS, trafficOf } from './trace.js';

const ALPHA = 0.05;

function compare(calls: readonly CallEvent[], weight = 0.1): RateComparison {
  const comparison = new RateComparison(ALPHA);
  comparison.begin(0, weight);
  for (const { atMs, track, session, tool, outcome } of calls) {
    const canary = track === 'canary';
    comparison.add({ atMs, canary, session, tool, incident: outcome !== 'ok' });
  }
  return comparison;
}

/** The highest ratio that anyone who looks at any time could have seen. */
function highest(
  calls: readonly CallEvent[],
  weight: (atMs: number) => number = () => 0.1,
): number {
  const comparison = new RateComparison(ALPHA);
  comparison.begin(0, weight(0));
  let record = 1;
  let lastMs = 0;
  for (const { atMs, track, session, tool, outcome } of calls) {
    if (weight(atMs) !== weight(lastMs)) comparison.setWeight(weight(atMs));
    lastMs = atMs;
    const canary = track === 'canary';
    comparison.add({ atMs, canary, session, tool, incident: outcome !== 'ok' });
    record = Math.max(record, comparison.ratio);
  }
  return record;
}

const TRACES = 150;
/** With a chance of 5 % each, more than this many of 150 come once in a thousand. */
const MOST_FALSE_ALARMS = 17;

describe('equal tracks', () => {
  const equal = [
    { name: 'no clustering', rate: 0.05, concentration: null, weight: 0.1 },
    { name: 'clustered sessions', rate: 0.05, concentration: 5, weight: 0.1 },
    { name: 'sessions nearly all good or all bad', rate: 0.05, concentration: 1, weight: 0.1 },
    { name: 'few errors', rate: 0.005, concentration: 5, weight: 0.1 },
    { name: 'half of the traffic', rate: 0.05, concentration: 5, weight: 0.5 },
  ];
  it.each(equal)('rarely reach the threshold at any time: $name', (row) => {
    let alarms = 0;
    for (let seed = 1; seed <= TRACES; seed += 1) {
      const calls = trafficOf(seed, {
        windowMs: 40 * MINUTE_MS,
        errorRate: () => row.rate,
        concentration: row.concentration,
        weight: () => row.weight,
      });
      if (highest(calls, () => row.weight) >= 1 / ALPHA) alarms += 1;
    }
    expect(alarms).toBeLessThanOrEqual(MOST_FALSE_ALARMS);
  });

  const shared = [
    {
      name: 'an outage that hits both',
      failure: (propensity: number, _canary: boolean, _tool: number, atMs: number) =>
        atMs > 20 * MINUTE_MS && atMs < 30 * MINUTE_MS ? 0.9 : propensity,
    },
    {
      name: 'a flaky tool that the canary gets more often',
      tool: (random: { uniform(): number }, canary: boolean) =>
        random.uniform() < (canary ? 0.3 : 0.05) ? 0 : 1,
      failure: (propensity: number, _canary: boolean, tool: number) =>
        tool === 0 ? 0.2 : propensity,
    },
    {
      name: 'an outage after the weight was raised',
      weight: (atMs: number) => (atMs < 10 * MINUTE_MS ? 0.1 : 0.5),
      failure: (propensity: number, _canary: boolean, _tool: number, atMs: number) =>
        atMs > 18 * MINUTE_MS && atMs < 26 * MINUTE_MS ? 0.8 : propensity,
    },
  ];
  it.each(shared)('are not told apart by $name', (changes) => {
    let alarms = 0;
    for (let seed = 1; seed <= 40; seed += 1) {
      const calls = trafficOf(seed, { windowMs: 40 * MINUTE_MS, ...changes });
      if (highest(calls, 'weight' in changes ? changes.weight : undefined) >= 1 / ALPHA) {
        alarms += 1;
      }
    }
    expect(alarms).toBeLessThanOrEqual(7);
  });
});

describe('a worse canary', () => {
  it('is found', () => {
    const calls = trafficOf(1, { errorRate: (canary) => (canary ? 0.3 : 0.01) });
    const { ratio, threshold } = compare(calls.filter(({ atMs }) => atMs < 30 * MINUTE_MS));
    expect(ratio).toBeGreaterThan(threshold);
  });

  it('is found by one broken tool, which is named', () => {
    const failure = (p: number, canary: boolean, tool: number) => (canary && tool === 7 ? 1 : p);
    const calls = trafficOf(2, { failure });
    const comparison = compare(calls.filter(({ atMs }) => atMs < 30 * MINUTE_MS));
    expect(comparison.ratio).toBeGreaterThan(comparison.threshold);
    expect(comparison.worstTool()).toBe('tool-7');
  });

  it('is not found when it is better', () => {
    const calls = trafficOf(3, { errorRate: (canary) => (canary ? 0.001 : 0.1) });
    expect(highest(calls)).toBeLessThan(1 / ALPHA);
  });
});

describe('the ratio', () => {
  const observations = fc.array(
    fc.record({
      gapMs: fc.integer({ min: 0, max: 20_000 }),
      canary: fc.boolean(),
      session: fc.integer({ min: 0, max: 30 }),
      tool: fc.integer({ min: 0, max: 4 }),
      incident: fc.boolean(),
    }),
    { maxLength: 300 },
  );

  it('does not depend on what sessions and tools are called', () => {
    fc.assert(
      fc.property(observations, fc.string(), (steps, prefix) => {
        const [plain, renamed] = [new RateComparison(ALPHA), new RateComparison(ALPHA)];
        let atMs = 0;
        for (const { gapMs, canary, incident, session, tool } of steps) {
          atMs += gapMs;
          const call = { atMs, canary, incident };
          plain.add({ ...call, session: `${session}`, tool: `${tool}` });
          renamed.add({
            ...call,
            session: `${prefix}${40 - session}`,
            tool: `${prefix}${9 - tool}`,
          });
        }
        expect(renamed.ratio).toBe(plain.ratio);
        expect(Number.isFinite(plain.ratio)).toBe(true);
      }),
    );
  });

  it('stays bounded in memory: more tools than are told apart are one', () => {
    const comparison = new RateComparison(ALPHA);
    for (let i = 0; i < 5000; i += 1) {
      const call = { atMs: i * 100, canary: i % 10 === 0, incident: i % 7 === 0 };
      comparison.add({ ...call, session: `s${i}`, tool: `t${i}` });
    }
    expect(comparison.ratio).toBeLessThan(comparison.threshold);
  });
});
