import { describe, expect, it } from 'vitest';
import { MAX_BUCKETS, RolloutSeries } from '../../../orchestrator/dashboard/series.js';
import type { EvidenceEvent, ProcessEvent } from '../../../orchestrator/judge/types.js';
import { POLICY } from '../judge/policy.js';
import { judged, START, trafficOf, WINDOW_MS, checkOf } from '../judge/trace.js';

const series = (): RolloutSeries =>
  new RolloutSeries({ id: 'r', trial: START, judge: POLICY, checks: [], intervalMs: 5_000 });

function filled(events: readonly EvidenceEvent[]): RolloutSeries {
  const made = series();
  for (const event of events) made.add(event, true);
  return made;
}

const sample = (
  atMs: number,
  track: 'stable' | 'canary',
  sessionsOpened: number,
): ProcessEvent => ({
  type: 'process',
  atMs,
  track,
  rssBytes: 1e8 + atMs,
  restarts: 0,
  uptimeMs: atMs,
  sessionsOpened,
  calls: 0,
});

describe('a series', () => {
  it('stays small however long the rollout is, and loses no call', () => {
    const calls = trafficOf(1);
    const { columns, bucketMs } = filled(calls).patch(0);
    expect(columns.weightSet.length).toBeLessThanOrEqual(MAX_BUCKETS);
    expect(bucketMs * columns.weightSet.length).toBeGreaterThan(WINDOW_MS * 0.99);
    const total = (values: readonly (number | null)[]) =>
      values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
    expect(total(columns.canaryCalls) + total(columns.stableCalls)).toBe(calls.length);
  });

  it('ends with what the judge says', () => {
    const calls = trafficOf(2);
    const { columns } = filled(calls).patch(0);
    const { difference, low, high } = checkOf(judged(calls, POLICY), 'errors').numbers;
    expect(columns.errorsDifference.at(-1)).toBeCloseTo(difference!, 4);
    expect(columns.errorsLow.at(-1)).toBeCloseTo(low!, 4);
    expect(columns.errorsHigh.at(-1)).toBeCloseTo(high!, 4);
  });

  it('keeps the highest memory of a bucket, also when buckets are joined', () => {
    const peak = { ...sample(7_000, 'canary', 0), rssBytes: 9e8 };
    const long = filled([peak, sample(8_000, 'canary', 0), sample(WINDOW_MS, 'canary', 0)]);
    expect(Math.max(...long.patch(0).columns.canaryRssBytes.map((rss) => rss ?? 0))).toBe(9e8);
  });

  it('tells the share of the sessions since the weight was set', () => {
    const events: EvidenceEvent[] = [
      sample(1_000, 'stable', 90),
      sample(1_000, 'canary', 10),
      { type: 'weight', atMs: 6_000, weight: 0.5 },
      sample(11_000, 'stable', 100),
      sample(11_000, 'canary', 40),
    ];
    const { columns } = filled(events).patch(0);
    expect(columns.weightSet).toEqual([0.1, 0.5, 0.5]);
    expect(columns.weightActual).toEqual([0.1, null, 0.75]);
  });

  it('is not judged after the trial', () => {
    const made = filled(trafficOf(3, { windowMs: 600_000 }));
    const before = made.patch(0).columns.errorsHigh.length;
    for (const call of trafficOf(4, { windowMs: 900_000 })) {
      if (call.atMs > 600_000) made.add(call, false);
    }
    const { columns } = made.patch(0);
    expect(columns.canaryCalls.length).toBeGreaterThan(before);
    expect(columns.errorsHigh.slice(before).every((value) => value === null)).toBe(true);
  });

  it('gives what is new of it', () => {
    const made = filled([sample(1_000, 'canary', 1), sample(6_000, 'canary', 2)]);
    expect(made.patch(1)).toMatchObject({ from: 1, columns: { canarySessions: [2] } });
  });
});
