/** starting: the canary is made and must show that it serves, before it gets any traffic. */
import { act, answer, move, wait, type Decision } from '../decision.js';
import type { Phase } from '../phase.js';
import { trafficBack, stepPhase, leavingMain } from './next.js';
import type { Situation } from './index.js';

export function decideStarting(situation: Situation<'starting'>): Decision {
  const { rollout, phase, seen, nowMs } = situation;
  const { request } = rollout;
  const giveUp = (cause: string): Phase => trafficBack(rollout, cause, nowMs);
  if (request?.kind === 'rollback') {
    return answer(giveUp(asked(request.reason)), 'a person asked for it');
  }
  if (seen.daemon.kind === 'down') return wait(`PM2 does not answer: ${seen.daemon.reason}`);
  const { canary } = seen.daemon;
  const late = nowMs >= phase.deadlineMs;
  if (canary === null) {
    return late
      ? move(giveUp('PM2 did not start the canary in time'), 'the canary was never started')
      : act({ kind: 'start-canary' });
  }
  if (canary.life === null && isDead(canary.status)) {
    const cause = `the canary exited while it started (code ${canary.exitCode ?? 'unknown'})`;
    return move(giveUp(cause), cause);
  }
  const readiness = canary.readiness ?? { ready: false, reason: 'not looked at yet' };
  if (!readiness.ready) {
    const cause = `the canary was not ready in time: ${readiness.reason}`;
    return late ? move(giveUp(cause), cause) : wait(readiness.reason);
  }
  if (seen.proxy.kind === 'down') return wait(`canary-proxy does not answer: ${seen.proxy.reason}`);
  if (request?.kind === 'promote') {
    return answer(leavingMain(rollout, nowMs), 'the canary is ready and a person asked to promote');
  }
  return move(stepPhase(rollout, 0, nowMs), 'the canary is ready');
}

/** PM2's words for an app that has no process and is not about to get one. */
function isDead(status: string): boolean {
  return status === 'stopped' || status === 'errored';
}

/** The cause of a rollback that a person asked for. */
export function asked(reason: string | null): string {
  return reason === null ? 'a person asked for it' : `a person asked for it: ${reason}`;
}
