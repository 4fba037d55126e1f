/** A rollout as it begins: a plan that is frozen, and who wanted it when (pure). */
import { startingPhase } from './decide/next.js';
import type { Plan } from './plan.js';
import { rolloutIdOf, type Rollout } from './rollout.js';

/** What a rollout is begun with, apart from its plan. */
export interface Beginning {
  /** The rollout's number among those of its service. */
  readonly number: number;
  readonly startedBy: string;
  readonly startedAtMs: number;
  /** A short text that has never been given before, on this machine or another. */
  readonly unique: string;
}

/** The rollout in its first phase: a release that is not there yet is made first. */
export function newRollout(
  { config, oldSpec, newSpec, change, release, suite }: Omit<Plan, 'view'>,
  { number, startedBy, startedAtMs, unique }: Beginning,
): Rollout {
  const id = rolloutIdOf(config.name, number);
  return {
    id,
    mark: `${id}.${unique}`,
    service: config.name,
    startedBy,
    startedAtMs,
    endedAtMs: null,
    config,
    oldSpec,
    newSpec,
    change,
    release,
    phase: release === null ? startingPhase(config, startedAtMs) : { kind: 'preparing' },
    request: null,
    canaryServer: null,
    witness: null,
    warnings: [],
    suite,
    smoke: null,
  };
}
