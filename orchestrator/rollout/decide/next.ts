/** The phases that several deciders move to, made in one place. */
import { pm2Away, proxyAway } from '../../refusals.js';
import { answer, move, type Move } from '../decision.js';
import type { Observation, ProxyView } from '../observation.js';
import type { Phase, PhaseOf } from '../phase.js';
import type { Track } from '../../../common/protocol.js';
import type { ServiceConfig } from '../../../config/types.js';
import { mainTouched, type Rollout } from '../rollout.js';

/** How long a track may take to become empty: its calls, then its sessions. */
function drainMs({ config }: Rollout): number {
  return config.drain.callsMs + config.drain.sessionsMs;
}

/** Starting: the canary has so long to be ready, and then the baseline too. */
export function startingPhase({ readyMs, baseline }: ServiceConfig, nowMs: number): Phase {
  return { kind: 'starting', deadlineMs: nowMs + (baseline === null ? readyMs : 2 * readyMs) };
}

/** Observing, at the beginning of a step. */
export function stepPhase(rollout: Rollout, step: number, nowMs: number): Phase {
  const windowMs = rollout.config.steps[step]?.windowMs ?? 0;
  return { kind: 'observing', step, endsAtMs: nowMs + windowMs };
}

/** A canary that is ready for traffic gets its first share, or all when a person has asked for that. */
export function firstTraffic(rollout: Rollout, reason: string, nowMs: number): Move {
  return rollout.request?.kind === 'promote'
    ? answer(leavingMain(rollout, nowMs), `${reason}, and a person asked to promote`)
    : move(stepPhase(rollout, 0, nowMs), reason);
}

/** The first stage of a promotion: all traffic to the canary. */
export function leavingMain(rollout: Rollout, nowMs: number): Phase {
  return { kind: 'promoting', stage: 'leaving-main', deadlineMs: nowMs + drainMs(rollout) };
}

/**
 * The beginning of a rollback. Main untouched: the traffic goes back to it. Main touched: it must
 * get its old spec back first, while a living canary carries the traffic.
 */
export function rollback(
  rollout: Rollout,
  cause: string,
  canaryLives: boolean,
  nowMs: number,
): PhaseOf<'rolling-back'> {
  if (!mainTouched(rollout.phase)) return trafficBack(rollout, cause, nowMs);
  const common = { kind: 'rolling-back', cause, mainTouched: true } as const;
  return canaryLives
    ? { ...common, stage: 'leaving-main', deadlineMs: nowMs + drainMs(rollout) }
    : { ...common, stage: 'restarting-main', deadlineMs: nowMs + restartMs(rollout), before: null };
}

/** Rolling back with the traffic going to main. */
export function trafficBack(
  rollout: Rollout,
  cause: string,
  nowMs: number,
): PhaseOf<'rolling-back'> {
  return {
    kind: 'rolling-back',
    cause,
    mainTouched: mainTouched(rollout.phase),
    stage: 'returning',
    deadlineMs: nowMs + drainMs(rollout),
  };
}

/** How long main may take from the order to restart to its first good probe. */
export function restartMs({ config }: Rollout): number {
  return config.readyMs;
}

/** When a returning stage that begins now gives up waiting. */
export function returnDeadline(rollout: Rollout, nowMs: number): number {
  return nowMs + drainMs(rollout);
}

/** Why the world cannot be seen or changed just now, or null. */
export function outage({ daemon, proxy }: Observation): string | null {
  if (daemon.kind === 'down') return pm2Away(daemon.reason);
  return proxy.kind === 'down' ? proxyAway(proxy.reason) : null;
}

/**
 * Whether a track that is being emptied may be touched: it is empty, or its time is up. A proxy
 * that does not answer is waited for, whatever the time: what it carries is not known.
 */
export function drained(
  proxy: ProxyView,
  track: Track,
  deadlineMs: number,
  nowMs: number,
): { readonly done: boolean; readonly reason: string } {
  if (proxy.kind === 'down') {
    return { done: false, reason: proxyAway(proxy.reason) };
  }
  const { sessions, inFlight, streams } = proxy.service.tracks[track];
  const carries = `${track} carries ${sessions} sessions, ${inFlight} calls, ${streams} streams`;
  if (sessions + inFlight + streams === 0) return { done: true, reason: `${track} is empty` };
  return nowMs >= deadlineMs
    ? { done: true, reason: `the drain time is over; ${carries}` }
    : { done: false, reason: `emptying: ${carries}` };
}
