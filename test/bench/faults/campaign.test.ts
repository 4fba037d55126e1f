import { expect, it } from 'vitest';
import { run } from '../../../bench/faults/run.js';
import { scenarioOf } from '../../../bench/faults/scenario.js';

/** An orchestrator that is killed in the middle of a promotion. */
const SEED = 126;

it('plays a run of the fault campaign without a violation', async () => {
  const result = await run(scenarioOf(SEED, 'kill'), null);
  expect(result.violations).toEqual([]);
  expect(result.fired).not.toEqual([]);
  expect(result.calls).toBeGreaterThan(10);
});
