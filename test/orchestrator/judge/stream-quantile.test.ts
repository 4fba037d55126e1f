import { describe, expect, it } from 'vitest';
import { Random } from '../../../bench/judge/random.js';
import { StreamQuantile } from '../../../orchestrator/judge/stream-quantile.js';

describe('stream quantile', () => {
  const draws = {
    uniform: (random: Random) => random.uniform(),
    lognormal: (random: Random) => Math.exp(random.normal()),
    'heavy-tailed': (random: Random) => (1 - random.uniform()) ** (-1 / 1.5),
  };
  it.each(Object.entries(draws))('has 5 of 100 values above it: %s', (_, draw) => {
    const random = new Random(7);
    const quantile = new StreamQuantile(0.95);
    const values = Array.from({ length: 5000 }, () => draw(random));
    for (const value of values) quantile.add(value);
    const above = values.filter((value) => value > quantile.value).length / values.length;
    expect(above).toBeLessThan(0.065);
    expect(above).toBeGreaterThan(0.035);
  });

  it('is the largest of the first few', () => {
    const quantile = new StreamQuantile(0.95);
    expect(quantile.value).toBe(0);
    for (const value of [3, 9, 4]) quantile.add(value);
    expect(quantile.value).toBe(9);
    expect(quantile.count).toBe(3);
  });
});
