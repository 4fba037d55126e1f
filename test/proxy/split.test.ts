import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Split } from '../../proxy/split.js';

describe('Split', () => {
  it('after n picks has given each of two tracks n times its weight, give or take one', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 0.999, noNaN: true }), (weight) => {
        const split = new Split<string>();
        let canary = 0;
        for (let n = 1; n <= 300; n += 1) {
          const picked = split.pick([
            { item: 'stable', weight: 1 - weight },
            { item: 'canary', weight },
          ]);
          if (picked === 'canary') canary += 1;
          expect(Math.abs(canary - Math.round(n * weight))).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('does not flood a track whose weight has risen', () => {
    const split = new Split<string>();
    const at = (weight: number) => [
      { item: 'stable', weight: 1 - weight },
      { item: 'canary', weight },
    ];
    for (let n = 0; n < 1_000; n += 1) split.pick(at(0.01));
    const next = Array.from({ length: 10 }, () => split.pick(at(0.5)));
    expect(next.filter((track) => track === 'canary')).toHaveLength(5);
  });

  it('has nothing to pick from no candidates', () => {
    expect(new Split<string>().pick([])).toBeNull();
  });
});
