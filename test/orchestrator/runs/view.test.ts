import { expect, it } from 'vitest';
import type { Rollout } from '../../../orchestrator/rollout/rollout.js';
import type { Run } from '../../../orchestrator/runs/run.js';
import { runView } from '../../../orchestrator/runs/view.js';
import { Simulation } from '../rollout/simulation.js';
import { runWith } from './fixture.js';

const underWay = { kind: 'under-way', rolloutId: 'a-1', told: false } as const;
const held: Partial<Rollout> = {
  phase: { kind: 'held', why: 'paused', step: 0, remainingMs: 1_000, deadlineMs: null },
};
const resume = { kind: 'resume', reason: null, atMs: 0 } as const;

it.each<[string, boolean, Partial<Run>, Partial<Rollout>]>([
  ['waits for a person while its rollout is held', true, {}, held],
  ['goes on when it begins the next all the same', false, { onRollback: 'continue' }, held],
  ['goes on when an order was just given', false, {}, { ...held, request: resume }],
  ['goes on while a rollout does', false, {}, { phase: { kind: 'retiring' } }],
  ['waits for nobody when it is over', false, { endedAtMs: 1 }, held],
])('a run %s', (_, waitsForPerson, own, rollout) => {
  const find = (): Rollout => ({ ...new Simulation().rollout, ...rollout });
  expect(runView(runWith(underWay, own), find, 1)).toMatchObject({ waitsForPerson });
});
