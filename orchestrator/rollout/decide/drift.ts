/**
 * What is done about drift. The policy `drift` decides, with two exceptions: without main there is
 * nobody to go back to, so the rollout is held; and a canary that runs something else than what would
 * be promoted is taken back.
 */
import { move, type Move } from '../decision.js';
import { driftOf, editOf, type Drift } from '../drift.js';
import type { Phase, PhaseKind, PhaseOf } from '../phase.js';
import type { Rollout } from '../rollout.js';
import { witnessed } from '../witness.js';
import { rollback } from './next.js';
import { canaryLives, type Situation } from './situation.js';

/** While the canary has its share. */
export function driftWhileOnTrial(
  situation: Situation<'observing'> | Situation<'held'>,
): Move | null {
  const { rollout, phase, seen, nowMs } = situation;
  const drift = driftOf(rollout, seen);
  if (drift === null) return null;
  const { sentence } = drift;
  switch (reactionTo(drift, rollout)) {
    case 'rollback':
      return move(rollback(rollout, sentence, true, nowMs), sentence);
    case 'ignore':
      return isLasting(drift)
        ? null
        : known(drift, situation, phase, `${sentence}; configured to be ignored`);
    case 'pause':
      if (isLasting(drift) && phase.kind === 'held' && isHeldFor(phase, drift)) return null;
      return known(drift, situation, heldFor(drift, situation), sentence);
  }
}

/**
 * While main is left. It cannot be held there, and the promotion would undo an edit of main and rely
 * on a canary that runs something else: an edit takes the canary back, main keeps what it has.
 */
export function driftWhileLeavingMain(situation: Situation<'promoting'>): Move | null {
  const { rollout, phase, seen, nowMs } = situation;
  const drift = editOf(rollout, seen);
  if (drift === null) return null;
  const { sentence } = drift;
  return rollout.config.drift === 'ignore'
    ? known(drift, situation, phase, `${sentence}; configured to be ignored`)
    : move(rollback(rollout, sentence, true, nowMs), sentence);
}

/**
 * While main bakes. It cannot be held there: main either runs the release, or it gets its old spec
 * back. What happens to the canary, which is only kept in reserve, does not matter.
 */
export function driftWhileBaking(situation: Situation<'baking'>): Move | null {
  const { rollout, phase, seen, nowMs } = situation;
  const drift = driftOf(rollout, seen);
  if (drift?.app !== 'main' || rollout.config.drift === 'ignore') return null;
  const { sentence } = drift;
  switch (drift.what) {
    case 'stopped':
    case 'edited':
      return move(rollback(rollout, sentence, canaryLives(seen), nowMs), sentence);
    case 'replaced':
    case 'restarted':
      return known(drift, situation, phase, `${sentence}; it runs the release, the baking goes on`);
    case 'gone':
    case 'several':
      return null;
  }
}

function reactionTo({ app, what }: Drift, { config }: Rollout): 'pause' | 'rollback' | 'ignore' {
  if (config.drift === 'ignore') return 'ignore';
  if (app === 'main') return what === 'gone' || what === 'stopped' ? 'pause' : config.drift;
  return what === 'restarted' || what === 'several' ? config.drift : 'rollback';
}

function isLasting({ what }: Drift): boolean {
  return what === 'gone' || what === 'stopped' || what === 'several';
}

function isHeldFor({ why, deed }: PhaseOf<'held'>, drift: Drift): boolean {
  return why === 'drift' && deed === deedOf(drift);
}

function deedOf({ app, what }: Drift): string {
  return `${app} ${what}`;
}

function heldFor(
  drift: Drift,
  { phase, nowMs }: Situation<'observing'> | Situation<'held'>,
): Phase {
  const remainingMs =
    phase.kind === 'held' ? phase.remainingMs : Math.max(0, phase.endsAtMs - nowMs);
  const { step } = phase;
  const deed = deedOf(drift);
  return { kind: 'held', why: 'drift', step, remainingMs, deadlineMs: null, deed };
}

/** A move that answers what was done to an app: what happened once is not answered again. */
function known(
  drift: Drift,
  { rollout: { witness }, seen }: Pick<Situation<PhaseKind>, 'rollout' | 'seen'>,
  to: Phase,
  reason: string,
): Move {
  if (isLasting(drift)) return move(to, reason);
  const { app } = drift;
  const now = witnessed(seen.daemon, app);
  return { ...move(to, reason), witness: { main: null, canary: null, ...witness, [app]: now } };
}
