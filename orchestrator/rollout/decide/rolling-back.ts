/** rolling-back: traffic first, then sessions, then the process; main gets its old spec back if it was touched. */
import { act, move, wait, type Decision, type Move } from '../decision.js';
import type { Rollout } from '../rollout.js';
import { outage, rollback } from './next.js';
import { canaryLives, otherRelease, type Situation } from './situation.js';
import { comeBack, leaveMain, restartMain } from './swap.js';

export function decideRollingBack(situation: Situation<'rolling-back'>): Decision {
  const { rollout, phase, seen, nowMs } = situation;
  switch (phase.stage) {
    case 'leaving-main':
      return leaveMain(rollout, phase, seen, nowMs);
    case 'restarting-main':
      return restartMain(rollout, phase, seen, nowMs, 'old', (cause) => heldDown(rollout, cause));
    case 'returning': {
      const again = oldReleaseAgain(situation);
      if (again !== null) return again;
      const gone = seen.daemon.kind === 'up' && !canaryLives(seen);
      const removing = { ...phase, stage: 'removing' } as const;
      return gone && seen.proxy.kind === 'up'
        ? move(removing, 'the canary has no process to drain')
        : comeBack(seen, phase.deadlineMs, nowMs, removing);
    }
    case 'removing': {
      const out = outage(seen);
      if (out !== null) return wait(out);
      const over = { kind: 'rolled-back', cause: phase.cause } as const;
      const tidied = act({ kind: 'tidy-up' }, move(over, 'main runs the old release'));
      return oldReleaseAgain(situation) ?? tidied;
    }
  }
}

/** Main had its old spec back, and has lost it since. */
function oldReleaseAgain({ rollout, phase, seen, nowMs }: Situation<'rolling-back'>): Move | null {
  const lost = otherRelease(rollout, seen);
  if (lost === null) return null;
  return move(rollback(rollout, phase.cause, canaryLives(seen), nowMs), lost);
}

function heldDown(rollout: Rollout, cause: string): Move {
  const step = Math.max(0, rollout.config.steps.length - 1);
  const to = { kind: 'held', why: 'main-down', step, remainingMs: 0, deadlineMs: null } as const;
  return move(to, cause);
}
