/** starting: the canary is made and must show that it serves, before it gets any traffic. */
import { pm2Away, proxyAway } from '../../refusals.js';
import { act, answer, move, wait, type Decision } from '../decision.js';
import type { InstanceView } from '../observation.js';
import type { Phase } from '../phase.js';
import type { Rollout } from '../rollout.js';
import { firstTraffic, trafficBack } from './next.js';
import { asked, type Situation } from './situation.js';

/** For the contract check where no smoke test has a time of its own. */
const CONTRACT_TIMEOUT_MS = 120_000;

export function decideStarting(situation: Situation<'starting'>): Decision {
  const { rollout, phase, seen, nowMs } = situation;
  const { request } = rollout;
  const giveUp = (cause: string): Phase => trafficBack(rollout, cause, nowMs);
  if (request?.kind === 'rollback') {
    return answer(giveUp(asked(request.reason)), 'a person asked for it');
  }
  if (seen.daemon.kind === 'down') return wait(pm2Away(seen.daemon.reason));
  const late = nowMs >= phase.deadlineMs;
  for (const track of tracksOf(rollout)) {
    const start = startOf(track, seen.daemon[track], seen.failure, late);
    if (start.kind === 'hopeless') return move(giveUp(start.reason), start.reason);
    if (start.kind === 'under-way') return start.decision;
  }
  if (seen.proxy.kind === 'down') return wait(proxyAway(seen.proxy.reason));
  return beforeTraffic(rollout, nowMs) ?? firstTraffic(rollout, 'the canary is ready', nowMs);
}

/** What must be passed first; null when there is nothing. */
function beforeTraffic({ config, suite }: Rollout, nowMs: number): Decision | null {
  if (config.contract === null && suite === null) return null;
  const deadlineMs = nowMs + (config.smoke?.timeoutMs ?? CONTRACT_TIMEOUT_MS);
  return move({ kind: 'smoking', deadlineMs }, 'the canary is ready');
}

/** The canary first: a release that does not start is known without a baseline. */
function tracksOf({ config }: Rollout): readonly ('canary' | 'baseline')[] {
  return config.baseline === null ? ['canary'] : ['canary', 'baseline'];
}

type Start =
  | { readonly kind: 'serves' }
  | { readonly kind: 'under-way'; readonly decision: Decision }
  | { readonly kind: 'hopeless'; readonly reason: string };

/** How far the start of an instance has come. */
function startOf(
  track: 'canary' | 'baseline',
  seen: InstanceView | null,
  failure: string | null,
  late: boolean,
): Start {
  const hopeless = (reason: string): Start => ({
    kind: 'hopeless',
    reason: `the ${track} ${reason}`,
  });
  if (seen === null) {
    if (late) return hopeless(`was not started: ${failure ?? 'no time was left for it'}`);
    return { kind: 'under-way', decision: act({ kind: 'start', track }) };
  }
  if (seen.life === null && isDead(seen.status)) {
    return hopeless(`exited while it started (code ${seen.exitCode ?? 'unknown'})`);
  }
  const readiness = seen.readiness ?? { ready: false, reason: 'it has no process yet' };
  if (readiness.ready) return { kind: 'serves' };
  return late
    ? hopeless(`was not ready in time: ${readiness.reason}`)
    : { kind: 'under-way', decision: wait(`${track}: ${readiness.reason}`) };
}

/** PM2's words for an app that has no process and is not about to get one. */
function isDead(status: string): boolean {
  return status === 'stopped' || status === 'errored';
}
