/** How main and the canary were seen last, kept with the rollout: drift.ts compares with it (pure). */
import type { AppSpec } from '../pm2/spec.js';
import type { Instance } from '../proc/instance.js';
import { isEnding, type DaemonView } from './observation.js';
import type { Phase } from './phase.js';

/** An app as it was seen last. Holds its spec, so it is never shown. */
export interface WitnessedApp {
  /** The daemon it was seen in. */
  readonly daemonStartedAtMs: number;
  readonly uniqueId: string;
  readonly life: Instance | null;
  readonly orderedAtMs: number | null;
  readonly spec: AppSpec;
}

/** What was seen last. Null: nothing yet in this part of the rollout. */
export interface Witness {
  readonly main: WitnessedApp | null;
  readonly canary: WitnessedApp | null;
}

/**
 * The parts of a rollout in which apps are witnessed; what is known of them holds within one. What
 * another hand does before the first traffic is answered when the trial begins: only then is there
 * something to hold.
 */
function partOf(phase: Phase): 'trial' | 'bake' | null {
  switch (phase.kind) {
    case 'starting':
    case 'smoking':
    case 'observing':
    case 'held':
      return 'trial';
    case 'promoting':
      return phase.stage === 'leaving-main' ? 'trial' : null;
    case 'baking':
      return 'bake';
    default:
      return null;
  }
}

/** Whether what was witnessed before a move still says something after it. */
export function keepsWitness(from: Phase, to: Phase): boolean {
  return partOf(from) !== null && partOf(from) === partOf(to);
}

/** An app as this look shows it. Null: it has no process, or one that is ending, and is in between. */
export function witnessed(daemon: DaemonView, name: keyof Witness): WitnessedApp | null {
  if (daemon.kind === 'down') return null;
  const seen = daemon[name];
  if (seen?.life == null || isEnding(seen)) return null;
  const { uniqueId, orderedAtMs, spec } = seen.app;
  const { startedAtMs: daemonStartedAtMs } = daemon;
  return { daemonStartedAtMs, uniqueId, orderedAtMs, spec, life: seen.life };
}
