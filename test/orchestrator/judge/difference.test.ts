import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DifferenceEstimate } from '../../../orchestrator/judge/difference.js';
import { SessionHistories } from '../../../orchestrator/judge/session-history.js';

interface Call {
  readonly canary: boolean;
  readonly session: number;
  readonly tool: number;
  readonly incident: boolean;
}

function estimateOf(calls: readonly Call[], swapped = false) {
  const estimate = new DifferenceEstimate();
  const histories = new SessionHistories();
  for (const { canary, session, tool, incident } of calls) {
    const history = histories.of(`${canary} ${session}`);
    estimate.add(canary !== swapped, tool, incident, history);
    history.calls += 1;
    if (incident) history.incidents += 1;
  }
  return estimate.estimate(0.01);
}

const calls = fc.array(
  fc.record({
    canary: fc.boolean(),
    session: fc.integer({ min: 0, max: 20 }),
    tool: fc.integer({ min: 0, max: 3 }),
    incident: fc.boolean(),
  }),
  { maxLength: 200 },
);

describe('difference', () => {
  it('turns its sign when the tracks are swapped', () => {
    fc.assert(
      fc.property(calls, (some) => {
        const [one, other] = [estimateOf(some), estimateOf(some, true)];
        if (one === null || other === null) return;
        expect(other.difference).toBeCloseTo(-one.difference, 10);
        expect(other.low).toBeCloseTo(-one.high, 10);
        expect(other.high).toBeCloseTo(-one.low, 10);
      }),
    );
  });

  it('is nothing when a track has no calls', () => {
    expect(estimateOf([])).toBeNull();
    expect(estimateOf([{ canary: true, session: 1, tool: 0, incident: true }])).toBeNull();
  });

  it('is not moved by a canary that gets the flaky tool more often', () => {
    const some: Call[] = [];
    const add = (canary: boolean, tool: number, count: number, bad: number) => {
      for (let i = 0; i < count; i += 1) {
        some.push({ canary, tool, session: i % 50, incident: i < bad });
      }
    };
    add(false, 0, 100, 20);
    add(false, 1, 900, 9);
    add(true, 0, 90, 18);
    add(true, 1, 100, 1);
    const estimate = estimateOf(some);
    expect(estimate?.difference).toBeCloseTo(0, 10);
    expect(estimate?.canary).toBeCloseTo(0.1, 1);
    expect(estimate?.stable).toBeCloseTo(estimate?.canary ?? 0, 2);
  });

  it('is less certain when the incidents come from few sessions', () => {
    const spread: Call[] = [];
    const burst: Call[] = [];
    for (let i = 0; i < 1000; i += 1) {
      const base = { canary: i % 2 === 0, tool: 0 };
      spread.push({ ...base, session: i % 100, incident: i % 20 < 2 });
      burst.push({ ...base, session: Math.floor(i / 50), incident: i % 500 < 50 });
    }
    const [low, high] = [estimateOf(spread), estimateOf(burst)];
    const width = (estimate: typeof low) => estimate!.high - estimate!.low;
    expect(width(high)).toBeGreaterThan(1.5 * width(low));
  });
});
