import { describe, expect, it } from 'vitest';
import { FAULT_KINDS } from '../../../bench/faults/fault.js';
import { RELEASES, scenarioOf } from '../../../bench/faults/scenario.js';

const SEEDS = Array.from({ length: 300 }, (_, i) => i + 1);

describe('a scenario', () => {
  it('is the same for the same seed', () => {
    for (const seed of SEEDS) expect(scenarioOf(seed)).toEqual(scenarioOf(seed));
  });

  it('has one fault or two, in the order of the places that its rollout passes', () => {
    for (const seed of SEEDS) {
      const { injections, path } = scenarioOf(seed);
      const at = injections.map(({ place }) => path.indexOf(place));
      expect([1, 2]).toContain(at.length);
      expect(at[0]).toBeGreaterThanOrEqual(0);
      expect(at.at(-1)).toBeGreaterThanOrEqual(at[0]!);
    }
  });

  it('is drawn from all releases and all faults', () => {
    const scenarios = SEEDS.map((seed) => scenarioOf(seed));
    expect(new Set(scenarios.map(({ release }) => release))).toEqual(new Set(RELEASES));
    const kinds = scenarios.flatMap(({ injections }) => injections.map(({ fault }) => fault.kind));
    expect(new Set(kinds)).toEqual(new Set(FAULT_KINDS));
  });

  it('has only the kind of fault that is asked for', () => {
    for (const only of FAULT_KINDS) {
      for (const { fault } of scenarioOf(5, only).injections) expect(fault.kind).toBe(only);
    }
  });
});
