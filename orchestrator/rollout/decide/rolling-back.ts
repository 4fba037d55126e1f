/** rolling-back: traffic first, then sessions, then the process; main gets its old spec back if it was touched. */
import { act, move, wait, type Decision, type Move } from '../decision.js';
import type { Rollout } from '../rollout.js';
import { canaryLives, type Situation } from './situation.js';
import { comeBack, leaveMain, restartMain } from './swap.js';

export function decideRollingBack(situation: Situation<'rolling-back'>): Decision {
  const { rollout, phase, seen, nowMs } = situation;
  switch (phase.stage) {
    case 'leaving-main':
      return leaveMain(rollout, phase, seen, nowMs);
    case 'restarting-main':
      return restartMain(rollout, phase, seen, nowMs, 'old', (cause) => heldDown(rollout, cause));
    case 'returning': {
      const gone = seen.daemon.kind === 'up' && !canaryLives(seen);
      const removing = { ...phase, stage: 'removing' } as const;
      return gone && seen.proxy.kind === 'up'
        ? move(removing, 'the canary has no process to drain')
        : comeBack(seen, phase.deadlineMs, nowMs, removing);
    }
    case 'removing':
      if (seen.daemon.kind === 'down') return wait(`PM2 does not answer: ${seen.daemon.reason}`);
      return act(
        { kind: 'tidy-up' },
        move({ kind: 'rolled-back', cause: phase.cause }, 'main runs the old release'),
      );
  }
}

function heldDown(rollout: Rollout, cause: string): Move {
  const step = Math.max(0, rollout.config.steps.length - 1);
  const to = { kind: 'held', why: 'main-down', step, remainingMs: 0, deadlineMs: null } as const;
  return move(to, cause);
}
