/** What deciders are given, and what several of them ask of it. */
import { hasOtherRelease } from '../main-spec.js';
import { isInBetween, type Observation } from '../observation.js';
import type { PhaseKind, PhaseOf } from '../phase.js';
import type { Rollout } from '../rollout.js';

/** What is known when a phase decides. */
export interface Situation<K extends PhaseKind> {
  readonly rollout: Rollout;
  readonly phase: PhaseOf<K>;
  readonly seen: Observation;
  readonly nowMs: number;
}

/** The cause of a rollback that a person asked for. */
export function asked(reason: string | null): string {
  return reason === null ? 'a person asked for it' : `a person asked for it: ${reason}`;
}

/** Why the canary has to go now, or null. A daemon that is down tells nothing. */
export function canaryTrouble({ daemon, assessment, deeds }: Observation): string | null {
  if (daemon.kind === 'up') {
    if (daemon.canary === null) return 'the canary was deleted from PM2 by another hand';
    if (daemon.canary.life === null && !isInBetween(daemon.canary)) {
      if (deeds.stops.has(daemon.canary.app.pmId)) return 'the canary was stopped by another hand';
      return `the canary's process ended (PM2 says ${daemon.canary.status}, exit code ${daemon.canary.exitCode ?? 'unknown'})`;
    }
  }
  return assessment?.verdict === 'fail' ? assessment.reason : null;
}

/** The canary has a process: it can carry traffic. */
export function canaryLives({ daemon }: Observation): boolean {
  return daemon.kind === 'up' && daemon.canary?.life != null;
}

/** That main holds the release which it was taken from, or null. */
export function otherRelease(rollout: Rollout, { daemon }: Observation): string | null {
  if (daemon.kind === 'down' || daemon.main === null) return null;
  return hasOtherRelease(rollout, daemon.main.app.spec)
    ? "main has the other release again, as after a restart from PM2's dump"
    : null;
}
