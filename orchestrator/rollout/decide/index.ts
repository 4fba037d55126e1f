/**
 * `decide`: the whole of a rollout's reasoning as a pure function of (rollout, observation, now).
 *
 * 1. It is level-triggered: it compares what the phase wants with what is there, so asking again
 *    after a crash gives the same answer or the next one, never a repeated step.
 * 2. Traffic comes first: a route that is not the phase's is put right before anything else.
 * 3. A person's request is looked at in every phase; `requests.ts` says what each phase allows.
 */
import type { Phase, PhaseKind } from '../phase.js';
import type { Observation } from '../observation.js';
import type { Rollout } from '../rollout.js';
import { routeFor, sameRoute } from '../route.js';
import { act, wait, type Decision } from '../decision.js';
import type { Situation } from './situation.js';
import { decidePreparing } from './preparing.js';
import { decideSmoking } from './smoking.js';
import { decideStarting } from './starting.js';
import { decideHeld } from './held.js';
import { decideObserving } from './observing.js';
import { decidePromoting } from './promoting.js';
import { decideBaking, decideRetiring } from './baking.js';
import { decideRollingBack } from './rolling-back.js';

type Decider<K extends PhaseKind> = (situation: Situation<K>) => Decision;

const DECIDERS: { readonly [K in PhaseKind]: Decider<K> } = {
  preparing: decidePreparing,
  starting: decideStarting,
  smoking: decideSmoking,
  observing: decideObserving,
  held: decideHeld,
  promoting: decidePromoting,
  baking: decideBaking,
  retiring: decideRetiring,
  'rolling-back': decideRollingBack,
  promoted: () => wait('the rollout is over'),
  'rolled-back': () => wait('the rollout is over'),
};

/** The next thing to do about a rollout. */
export function decide(rollout: Rollout, seen: Observation, nowMs: number): Decision {
  const route = routeFor(rollout);
  if (seen.proxy.kind === 'up' && !sameRoute(seen.proxy.service.route, route)) {
    return act({ kind: 'set-route', route });
  }
  return decidePhase({ rollout, phase: rollout.phase, seen, nowMs });
}

function decidePhase<K extends PhaseKind>(
  situation: Situation<K> & { readonly phase: Phase },
): Decision {
  return DECIDERS[situation.phase.kind](situation);
}
