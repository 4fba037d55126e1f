import { describe, expect, it } from 'vitest';
import { slopeOf } from '../../../bench/soak/memory.js';

const HOUR_MS = 3_600_000;

function series(perHour: number, noise: (i: number) => number) {
  return Array.from({ length: 600 }, (_, i) => {
    const atMs = (i * HOUR_MS) / 600;
    return { atMs, bytes: 100e6 + (perHour * atMs) / HOUR_MS + noise(i) };
  });
}

describe('slopeOf', () => {
  it('finds growth under a saw of garbage', () => {
    const slope = slopeOf(
      series(12e6, (i) => (i % 7) * 1e6),
      60_000,
    );
    expect(slope?.perHour).toBeCloseTo(12e6, -6);
    expect(slope?.low).toBeGreaterThan(11e6);
    expect(slope?.high).toBeLessThan(13e6);
  });

  it('holds zero where there is only noise', () => {
    const slope = slopeOf(
      series(0, (i) => Math.sin(i * 12.9898) * 5e6),
      60_000,
    );
    expect(slope?.low).toBeLessThan(0);
    expect(slope?.high).toBeGreaterThan(0);
  });

  it('says nothing about three blocks', () => {
    expect(
      slopeOf(
        series(1, () => 0),
        HOUR_MS / 3,
      ),
    ).toBeNull();
  });
});
