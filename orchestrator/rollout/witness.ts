/** How main and the canary were seen last, kept with the rollout: drift.ts compares with it (pure). */
import { isDeepStrictEqual } from 'node:util';
import type { AppSpec } from '../pm2/spec.js';
import type { Instance } from '../proc/instance.js';
import { isEnding, type InstanceView, type Observation } from './observation.js';
import type { PhaseKind } from './phase.js';
import type { Rollout } from './rollout.js';

/** An app as it was seen last. Holds its spec, so it is never shown. */
export interface WitnessedApp {
  readonly uniqueId: string;
  readonly life: Instance | null;
  readonly orderedAtMs: number | null;
  readonly spec: AppSpec;
}

/** What was seen last. Null: nothing yet in this part of the rollout. */
export interface Witness {
  readonly daemonStartedAtMs: number;
  readonly main: WitnessedApp | null;
  readonly canary: WitnessedApp | null;
}

/**
 * The phases in which apps are witnessed; what is known of them holds within one of these groups.
 * What another hand does before the first traffic is answered when the trial begins: only then is
 * there something to hold.
 */
const WITNESSED: readonly (readonly PhaseKind[])[] = [
  ['starting', 'smoking', 'observing', 'held'],
  ['baking'],
];

/** Whether what was witnessed before a move still says something after it. */
export function keepsWitness(from: PhaseKind, to: PhaseKind): boolean {
  return WITNESSED.some((group) => group.includes(from) && group.includes(to));
}

/** The rollout with what this look showed. An app without a process, or whose process is ending, is in between: it stays as it was. */
export function witnessing(rollout: Rollout, { daemon }: Pick<Observation, 'daemon'>): Rollout {
  if (daemon.kind === 'down' || !keepsWitness(rollout.phase.kind, rollout.phase.kind)) {
    return rollout;
  }
  const before = rollout.witness;
  const witness: Witness = {
    daemonStartedAtMs: daemon.startedAtMs,
    main: witnessed(daemon.main) ?? before?.main ?? null,
    canary: witnessed(daemon.canary) ?? before?.canary ?? null,
  };
  return isDeepStrictEqual(witness, before) ? rollout : { ...rollout, witness };
}

function witnessed(seen: InstanceView | null): WitnessedApp | null {
  if (seen?.life == null || isEnding(seen)) return null;
  const { uniqueId, orderedAtMs, spec } = seen.app;
  return { uniqueId, orderedAtMs, spec, life: seen.life };
}
