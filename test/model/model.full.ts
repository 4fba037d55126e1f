/** `npm run test:model`: the rollout protocol in all its scenes, with the figures of docs/reliability.md. */
import { performance } from 'node:perf_hooks';
import { expect, it } from 'vitest';
import { decide } from '../../orchestrator/rollout/decide/index.js';
import { check } from './properties.js';
import { FULL } from './scenes.js';

const MAX_STATES = 3_000_000;

it.each(FULL)('$name', (scene) => {
  const beganMs = performance.now();
  const { states, transitions, depth, ends, violations } = check(scene, decide, MAX_STATES);
  const seconds = ((performance.now() - beganMs) / 1000).toFixed(0);
  process.stdout.write(
    `${scene.name}: ${states} states, ${transitions} transitions, depth ${depth}, ${seconds} s; ends: ${ends.join(', ')}\n`,
  );
  expect(violations).toEqual([]);
});
