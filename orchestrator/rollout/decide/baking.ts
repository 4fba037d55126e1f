/** baking: main carries everything on the new release and is still judged, the canary is kept warm. retiring: the canary goes. */
import { act, answer, move, wait, type Decision } from '../decision.js';
import type { Observation } from '../observation.js';
import { driftWhileBaking } from './drift.js';
import { outage, rollback } from './next.js';
import { asked, canaryLives, otherRelease, type Situation } from './situation.js';

export function decideBaking(situation: Situation<'baking'>): Decision {
  const { rollout, phase, seen, nowMs } = situation;
  const { request } = rollout;
  if (request?.kind === 'rollback') {
    return answer(rollback(rollout, asked(request.reason), canaryLives(seen), nowMs), asked(null));
  }
  const cause = newReleaseTrouble(seen);
  if (cause !== null) return move(rollback(rollout, cause, canaryLives(seen), nowMs), cause);
  if (request?.kind === 'promote') {
    return answer({ kind: 'retiring' }, 'a person ended the baking');
  }
  const drift = driftWhileBaking(situation);
  if (drift !== null) return drift;
  const other = otherRelease(rollout, seen);
  if (other !== null) return move(rollback(rollout, other, canaryLives(seen), nowMs), other);
  return nowMs >= phase.endsAtMs
    ? move({ kind: 'retiring' }, 'baked without a finding')
    : wait(outage(seen) ?? 'the end of the baking');
}

export function decideRetiring({ rollout, seen, nowMs }: Situation<'retiring'>): Decision {
  const { request } = rollout;
  if (request?.kind === 'rollback') {
    return answer(rollback(rollout, asked(request.reason), canaryLives(seen), nowMs), asked(null));
  }
  const out = outage(seen);
  if (out !== null) return wait(out);
  const cause = lostRelease(seen);
  if (cause !== null) return move(rollback(rollout, cause, canaryLives(seen), nowMs), cause);
  return act({ kind: 'tidy-up' }, move({ kind: 'promoted' }, 'main runs the new release'));
}

/** Why it would be no truth that main runs the new release, or null. What became of the canary, which goes anyway, does not matter. */
function lostRelease({ daemon }: Observation): string | null {
  if (daemon.kind === 'down' || daemon.main?.atSpec === true) return null;
  return mainGone({ daemon }) ?? 'main no longer has the new release in PM2';
}

/** Why the new release on main has to go, or null. */
function newReleaseTrouble({ daemon, assessment, deeds }: Observation): string | null {
  const gone = mainGone({ daemon });
  if (gone !== null) return gone;
  const canary = daemon.kind === 'up' ? daemon.canary : null;
  if (canary?.life === null && !deeds.stops.has(canary.app.pmId)) {
    return 'the canary, which runs the same release, ended while it was kept warm';
  }
  return assessment?.verdict === 'fail' ? assessment.reason : null;
}

function mainGone({ daemon }: Pick<Observation, 'daemon'>): string | null {
  return daemon.kind === 'up' && daemon.main === null ? 'main is gone from PM2' : null;
}
