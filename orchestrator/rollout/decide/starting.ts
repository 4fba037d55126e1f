/** starting: the canary is made and must show that it serves, before it gets any traffic. */
import { act, answer, move, wait, type Decision } from '../decision.js';
import type { InstanceView } from '../observation.js';
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
    const cause = `the canary was not started: ${seen.failure ?? 'no time was left for it'}`;
    return late ? move(giveUp(cause), cause) : act({ kind: 'start-canary' });
  }
  const unready = whyNotReady(canary);
  if (unready !== null) {
    const cause = unready.final
      ? unready.reason
      : `the canary was not ready in time: ${unready.reason}`;
    return late || unready.final ? move(giveUp(cause), cause) : wait(unready.reason);
  }
  if (seen.proxy.kind === 'down') return wait(`canary-proxy does not answer: ${seen.proxy.reason}`);
  if (request?.kind === 'promote') {
    return answer(leavingMain(rollout, nowMs), 'the canary is ready and a person asked to promote');
  }
  return move(stepPhase(rollout, 0, nowMs), 'the canary is ready');
}

interface Unready {
  readonly reason: string;
  /** Waiting will not help. */
  readonly final: boolean;
}

function whyNotReady({ life, status, exitCode, readiness }: InstanceView): Unready | null {
  if (life === null && isDead(status)) {
    const reason = `the canary exited while it started (code ${exitCode ?? 'unknown'})`;
    return { reason, final: true };
  }
  if (readiness === null) return { reason: 'it has no process yet', final: false };
  return readiness.ready ? null : { reason: readiness.reason, final: false };
}

/** PM2's words for an app that has no process and is not about to get one. */
function isDead(status: string): boolean {
  return status === 'stopped' || status === 'errored';
}

/** The cause of a rollback that a person asked for. */
export function asked(reason: string | null): string {
  return reason === null ? 'a person asked for it' : `a person asked for it: ${reason}`;
}
