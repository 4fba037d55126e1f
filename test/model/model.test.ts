/** The rollout protocol, walked through in its small scenes; `npm run test:model` walks through all. */
import { describe, expect, it } from 'vitest';
import { decide } from '../../orchestrator/rollout/decide/index.js';
import { MUTANTS } from './mutants.js';
import { check } from './properties.js';
import { SHORT } from './scenes.js';

const MAX_STATES = 100_000;

describe('the rollout protocol', () => {
  it.each(SHORT)('holds what it promises: $name', (scene) => {
    const { violations, ends } = check(scene, decide, MAX_STATES);
    expect(violations).toEqual([]);
    expect(ends).toEqual(expect.arrayContaining(['promoted: main new', 'rolled-back: main old']));
  });
});

describe('a wrong decide is found', () => {
  it.each(MUTANTS)('that $name', ({ decide: wrong, needs, found }) => {
    const scene = { name: 'one step', config: {}, faults: 0, orders: 0, ...needs };
    const { violations } = check(scene, wrong, MAX_STATES);
    expect(violations.map(({ what }) => what).join('\n')).toContain(found);
  });
});
