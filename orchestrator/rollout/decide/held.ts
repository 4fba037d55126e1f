/**
 * held: the canary keeps its share and is judged while a person is waited for. A failure takes it
 * back all the same. Where the wait has a deadline, the configuration says what is done then.
 */
import { formatDuration, formatRatio } from '../../../config/units.js';
import { pm2Away } from '../../refusals.js';
import { answer, move, wait, type Decision, type Move } from '../decision.js';
import type { Observation } from '../observation.js';
import type { Phase, SwapStage } from '../phase.js';
import type { Rollout } from '../rollout.js';
import { driftWhileOnTrial } from './drift.js';
import { leavingMain, outage, restartMs, rollback, stepPhase } from './next.js';
import { trouble } from './observing.js';
import { asked, canaryLives, type Situation } from './situation.js';

export function decideHeld(situation: Situation<'held'>): Decision {
  const { rollout, phase, seen, nowMs } = situation;
  if (phase.why === 'main-down') return answerMainDown(situation);
  return (
    trouble(rollout, seen, nowMs) ??
    answerWhileHeld(situation) ??
    driftWhileOnTrial(situation) ??
    pastDeadline(situation) ??
    wait(outage(seen) ?? `a person (${phase.why}): ${waysOn(situation)}`)
  );
}

function answerWhileHeld(situation: Situation<'held'>): Move | null {
  const { rollout, phase, nowMs } = situation;
  switch (rollout.request?.kind) {
    case 'promote':
      return answer(leavingMain(rollout, nowMs), 'a person asked to promote');
    case 'resume':
      return phase.why === 'gate'
        ? answer(stepPhase(rollout, phase.step + 1, nowMs), 'a person opened the gate')
        : answer(resumed(situation), 'a person resumed it');
    case 'pause':
      return answer({ ...phase, why: 'paused', deadlineMs: null }, asked(rollout.request.reason));
    case 'rollback':
    case undefined:
      return null;
  }
}

/** The step goes on with what was left of it; one that had run out gets its whole window again. */
function resumed({ rollout, phase, nowMs }: Situation<'held'>): Phase {
  const { step, remainingMs } = phase;
  return remainingMs > 0
    ? { kind: 'observing', step, endsAtMs: nowMs + remainingMs }
    : stepPhase(rollout, step, nowMs);
}

/**
 * What is done when nobody came in time. Nobody has looked, so `promote` is no more than what a
 * person who trusts the judge would do: a gate lets the next step begin, and only a canary that
 * still passes is promoted.
 */
function pastDeadline(situation: Situation<'held'>): Move | null {
  const { rollout, phase, seen, nowMs } = situation;
  if (phase.deadlineMs === null || nowMs < phase.deadlineMs) return null;
  const nobody = `nobody came within ${formatDuration(rollout.config.promoteByMs ?? 0)}`;
  const goOnWaiting = (why: string): Move =>
    move({ ...phase, deadlineMs: null }, `${nobody}; ${why}`);
  switch (rollout.config.onDeadline) {
    case 'rollback':
      return move(rollback(rollout, nobody, true, nowMs), nobody);
    case 'hold':
      return goOnWaiting('it stays held');
    case 'promote':
      if (phase.why === 'gate') {
        return move(
          stepPhase(rollout, phase.step + 1, nowMs),
          `${nobody}; the gate opens by itself`,
        );
      }
      return seen.assessment?.verdict === 'pass'
        ? move(leavingMain(rollout, nowMs), `${nobody}; it passes, and is promoted`)
        : goOnWaiting(`it stays held: ${seen.assessment?.reason ?? 'nothing was judged'}`);
  }
}

/** What each order would do, and what happens without one. */
function waysOn({ rollout, phase }: Situation<'held'>): string {
  const orders = `resume ${resumeDoes(rollout, phase)}, promote promotes at once, rollback takes it back`;
  if (phase.deadlineMs === null) return orders;
  const { onDeadline } = rollout.config;
  const at = new Date(phase.deadlineMs).toISOString();
  return `${orders}; without an order by ${at}: ${onDeadline}`;
}

function resumeDoes({ config }: Rollout, phase: Situation<'held'>['phase']): string {
  const step = phase.step + 1;
  if (phase.why === 'gate') {
    const weight = formatRatio(config.steps[step]?.weight ?? 0);
    return `goes on to step ${step + 1} of ${config.steps.length} (${weight})`;
  }
  return phase.remainingMs > 0 ? `goes on with step ${step}` : `watches step ${step} once more`;
}

function answerMainDown(situation: Situation<'held'>): Decision {
  const { rollout, seen } = situation;
  switch (rollout.request?.kind) {
    case 'promote':
      return answer({ kind: 'promoting', ...restarting(situation) }, 'a person asked to promote');
    case 'rollback': {
      const cause = asked(rollout.request.reason);
      return answer(mainBack(situation, cause), 'a person asked for it');
    }
    case 'pause':
    case 'resume':
    case undefined:
      break;
  }
  if (seen.daemon.kind === 'down') return wait(pm2Away(seen.daemon.reason));
  if (canaryLives(seen)) {
    return wait('main does not come up; the canary carries the traffic: promote or rollback');
  }
  const cause = 'the canary ended, and main serves the old release again';
  return mainServes(seen)
    ? move(mainBack(situation, cause), cause)
    : wait('main does not come up, and the canary has ended: promote or rollback');
}

function mainBack(situation: Situation<'held'>, cause: string): Phase {
  return { kind: 'rolling-back', cause, mainTouched: true, ...restarting(situation) };
}

/** A main that hangs is restarted, but only while there is somebody else to serve. */
function restarting({ rollout, seen, nowMs }: Situation<'held'>): SwapStage {
  const main = seen.daemon.kind === 'up' ? seen.daemon.main : null;
  const before = canaryLives(seen) && !mainServes(seen) ? (main?.life ?? null) : null;
  return { stage: 'restarting-main', deadlineMs: nowMs + restartMs(rollout), before };
}

/** It is on the old release: another is not probed here. */
function mainServes({ daemon }: Observation): boolean {
  return daemon.kind === 'up' && daemon.main?.readiness?.ready === true;
}
