/** smoking: the canary serves and must pass its smoke test and the contract check, before it gets any traffic. */
import { act, answer, move, wait, type Decision } from '../decision.js';
import type { Phase } from '../phase.js';
import { firstTraffic, outage, trafficBack } from './next.js';
import { asked, canaryTrouble, type Situation } from './situation.js';

/** A test ends itself at the deadline; this is for what it was doing just then. */
const GRACE_MS = 30_000;

export function decideSmoking({ rollout, phase, seen, nowMs }: Situation<'smoking'>): Decision {
  const { request, smoke } = rollout;
  const giveUp = (cause: string): Phase => trafficBack(rollout, cause, nowMs);
  if (request?.kind === 'rollback') {
    return answer(giveUp(asked(request.reason)), 'a person asked for it');
  }
  const cause = canaryTrouble(seen);
  if (cause !== null) return move(giveUp(cause), cause);
  if (smoke === null) {
    const late = 'the smoke test did not end in its time';
    if (nowMs >= phase.deadlineMs + GRACE_MS) return move(giveUp(late), late);
    return seen.smoke?.kind === 'running'
      ? wait(`the smoke test: ${seen.smoke.at}`)
      : act({ kind: 'smoke', deadlineMs: phase.deadlineMs });
  }
  if (!smoke.passed) return move(giveUp(smoke.reason), smoke.reason);
  const out = outage(seen);
  return out === null ? firstTraffic(rollout, smoke.reason, nowMs) : wait(out);
}
