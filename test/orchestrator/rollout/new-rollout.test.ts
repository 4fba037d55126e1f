import { expect, it } from 'vitest';
import { newRollout } from '../../../orchestrator/rollout/new-rollout.js';
import type { Release } from '../../../orchestrator/release/release.js';
import type { Rollout } from '../../../orchestrator/rollout/rollout.js';
import { newSpec, oldSpec, service } from './simulation.js';

function begun(release: Release | null): Rollout {
  const plan = { config: service, oldSpec, newSpec, change: {}, release, suite: null };
  return newRollout(plan, { number: 7, startedBy: 'run-3', startedAtMs: 1_000, unique: 'u' });
}

it('starts its canary', () => {
  expect(begun(null)).toMatchObject({
    id: 'scraper-7',
    mark: 'scraper-7.u',
    startedBy: 'run-3',
    endedAtMs: null,
    phase: { kind: 'starting', deadlineMs: 1_000 + service.readyMs },
  });
});

it('makes its release first', () => {
  const release = { dir: '/srv/releases/2-scraper-7', version: '2', values: {} };
  expect(begun(release)).toMatchObject({ release, phase: { kind: 'preparing' } });
});
