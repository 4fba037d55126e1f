import { describe, expect, it } from 'vitest';
import { Random } from '../../../bench/judge/random.js';
import { fitWithMemory } from '../../../orchestrator/judge/linear-model.js';

const N = 200;
const times = Array.from({ length: N }, (_, i) => i / N);
const ones = times.map(() => 1);

function noise(random: Random, memory: number): number[] {
  let value = random.normal();
  return times.map(() => (value = memory * value + Math.sqrt(1 - memory ** 2) * random.normal()));
}

describe('least squares with AR(1) errors', () => {
  it('finds the coefficients of a straight line', () => {
    const fit = fitWithMemory(
      times.map((t) => 3 + 2 * t),
      [ones, times],
    );
    expect(fit?.coefficients[0]).toBeCloseTo(3, 6);
    expect(fit?.coefficients[1]).toBeCloseTo(2, 6);
  });

  it.each([0, 0.5, 0.9])('knows how wrong its slope is when the memory is %f', (memory) => {
    const fits = Array.from({ length: 300 }, (_, seed) =>
      fitWithMemory(noise(new Random(seed + 1), memory), [ones, times]),
    );
    const slopes = fits.map((fit) => fit!.coefficients[1]!);
    const spread = Math.sqrt(slopes.reduce((sum, slope) => sum + slope ** 2, 0) / slopes.length);
    const errors = fits.map((fit) => fit!.standardErrors[1]!);
    const claimed = Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length);
    expect(claimed / spread).toBeGreaterThan(0.85);
    expect(claimed / spread).toBeLessThan(1.2);
  });

  it('has no answer for too little, or for columns that say the same', () => {
    expect(fitWithMemory([1, 2, 3], [ones.slice(0, 3), times.slice(0, 3)])).toBeNull();
    expect(fitWithMemory(times, [ones, ones])).toBeNull();
  });
});
