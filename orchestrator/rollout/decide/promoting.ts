/**
 * promoting: main gets the new release without a gap. The canary carries the traffic while main
 * restarts, and goes on carrying it until main is proven.
 */
import { answer, move, type Decision, type Move } from '../decision.js';
import type { Observation } from '../observation.js';
import { mainTouched, type Rollout } from '../rollout.js';
import { driftWhileLeavingMain } from './drift.js';
import { rollback } from './next.js';
import { asked, canaryLives, canaryTrouble, otherRelease, type Situation } from './situation.js';
import { comeBack, leaveMain, restartMain } from './swap.js';

export function decidePromoting(situation: Situation<'promoting'>): Decision {
  const { rollout, phase, seen, nowMs } = situation;
  const turnedBack = turnBack(rollout, seen, nowMs);
  if (turnedBack !== null) return turnedBack;
  switch (phase.stage) {
    case 'leaving-main':
      return driftWhileLeavingMain(situation) ?? leaveMain(rollout, phase, seen, nowMs);
    case 'restarting-main':
      return restartMain(rollout, phase, seen, nowMs, 'new', (cause) =>
        move(rollback(rollout, cause, false, nowMs), cause),
      );
    case 'returning':
      return comeBack(seen, phase.deadlineMs, nowMs, {
        kind: 'baking',
        startedAtMs: nowMs,
        endsAtMs: nowMs + rollout.config.bakeMs,
      });
  }
}

/**
 * A person's rollback, or a canary that fails while it carries the traffic and main still lives on
 * the old release. Once main has the new one, going on is the shortest way to somebody who serves.
 */
function turnBack(rollout: Rollout, seen: Observation, nowMs: number): Move | null {
  if (rollout.request?.kind === 'rollback') {
    const phase = rollback(rollout, asked(rollout.request.reason), canaryLives(seen), nowMs);
    return answer(phase, 'a person asked for it');
  }
  const cause = canaryTrouble(seen);
  if (cause === null || !livesOnOldRelease(rollout, seen)) return null;
  return move(rollback(rollout, cause, false, nowMs), cause);
}

function livesOnOldRelease(rollout: Rollout, seen: Observation): boolean {
  if (!mainTouched(rollout.phase)) return true;
  const lives = seen.daemon.kind === 'up' && seen.daemon.main?.life != null;
  return lives && otherRelease(rollout, seen) !== null;
}
