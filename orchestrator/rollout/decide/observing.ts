/** observing: the canary has its share, and is judged. */
import type { Assessment } from '../../judge/types.js';
import { answer, move, wait, type Decision, type Move } from '../decision.js';
import type { HeldWhy, Phase } from '../phase.js';
import type { Observation } from '../observation.js';
import type { Rollout } from '../rollout.js';
import { driftWhileOnTrial } from './drift.js';
import { leavingMain, outage, rollback, stepPhase } from './next.js';
import { asked, canaryTrouble, type Situation } from './situation.js';

export function decideObserving(situation: Situation<'observing'>): Decision {
  const { rollout, phase, seen, nowMs } = situation;
  return (
    trouble(rollout, seen, nowMs) ??
    answerWhileObserving(situation) ??
    driftWhileOnTrial(situation) ??
    nothingToCompare(situation) ??
    endOfStep(situation) ??
    wait(outage(seen) ?? `the end of step ${phase.step + 1} of ${rollout.config.steps.length}`)
  );
}

/** What takes the canary back whatever a person or the window says. */
export function trouble(rollout: Rollout, seen: Observation, nowMs: number): Move | null {
  if (rollout.request?.kind === 'rollback') {
    const cause = asked(rollout.request.reason);
    return answer(rollback(rollout, cause, true, nowMs), 'a person asked for it');
  }
  const cause = canaryTrouble(seen);
  return cause === null ? null : move(rollback(rollout, cause, false, nowMs), cause);
}

function answerWhileObserving(situation: Situation<'observing'>): Move | null {
  const { rollout, phase, nowMs } = situation;
  switch (rollout.request?.kind) {
    case 'promote':
      return answer(leavingMain(rollout, nowMs), 'a person asked to promote');
    case 'pause':
      return answer(held('paused', situation), asked(rollout.request.reason));
    case 'resume':
      return answer(phase, 'it is not held');
    case 'rollback':
    case undefined:
      return null;
  }
}

/** A baseline that ended proves nothing about the release, but nothing can be judged without it. */
function nothingToCompare(situation: Situation<'observing'>): Move | null {
  const { rollout, seen } = situation;
  if (rollout.config.baseline === null || seen.daemon.kind === 'down') return null;
  if (seen.daemon.baseline?.life != null) return null;
  return inconclusive(situation, 'the baseline, which runs the old release, ended', false);
}

function endOfStep(situation: Situation<'observing'>): Move | null {
  const { rollout, phase, seen, nowMs } = situation;
  const { config } = rollout;
  const passedEarly = config.judge.early && seen.assessment?.verdict === 'pass';
  if (nowMs < phase.endsAtMs && !passedEarly) return null;
  if (phase.step + 1 < config.steps.length) return nextStep(situation);
  const { assessment } = seen;
  if (assessment?.verdict === 'pass') return passed(situation, assessment);
  return inconclusive(situation, assessment?.reason ?? 'nothing was judged');
}

function nextStep(situation: Situation<'observing'>): Move {
  const { rollout, phase, nowMs } = situation;
  const over = `step ${phase.step + 1} is over`;
  return rollout.config.steps[phase.step]?.gate === 'manual'
    ? move(held('gate', situation), `${over}, and its gate waits for a person`)
    : move(stepPhase(rollout, phase.step + 1, nowMs), over);
}

function passed(situation: Situation<'observing'>, { reason }: Assessment): Move {
  const { rollout, nowMs } = situation;
  return rollout.config.promote === 'manual'
    ? move(held('approval', situation), `passed, and waits for a person: ${reason}`)
    : move(leavingMain(rollout, nowMs), `passed: ${reason}`);
}

function inconclusive(situation: Situation<'observing'>, why: string, mayExtend = true): Move {
  const { rollout, phase, nowMs } = situation;
  const { config } = rollout;
  const reason = `inconclusive: ${why}`;
  switch (config.onInconclusive) {
    case 'rollback':
      return move(rollback(rollout, reason, true, nowMs), reason);
    case 'promote':
      return move(leavingMain(rollout, nowMs), `${reason}; configured to promote`);
    case 'extend': {
      const windowMs = config.steps[phase.step]?.windowMs ?? 0;
      const extensions = (phase.extensions ?? 0) + 1;
      return mayExtend && (1 + extensions) * windowMs <= config.maxWindowMs
        ? move({ ...phase, endsAtMs: nowMs + windowMs, extensions }, `${reason}; extended`)
        : move(held('inconclusive', situation), `${reason}; it cannot be extended`);
    }
    case 'hold':
      return move(held('inconclusive', situation), reason);
  }
}

function held(why: HeldWhy, { rollout, phase, nowMs }: Situation<'observing'>): Phase {
  const remainingMs = Math.max(0, phase.endsAtMs - nowMs);
  const { promoteByMs } = rollout.config;
  const asksForApproval = why === 'gate' || why === 'approval';
  const deadlineMs = asksForApproval && promoteByMs !== null ? nowMs + promoteByMs : null;
  return { kind: 'held', why, step: phase.step, remainingMs, deadlineMs };
}
