/**
 * The stages of a swap, which promoting and rolling back share: main is left, restarted on a spec
 * and proven, and the traffic comes back.
 */
import { sameLife, type Instance } from '../../proc/instance.js';
import { pm2Away, proxyAway } from '../../refusals.js';
import { act, move, wait, type Decision, type Move } from '../decision.js';
import { isInBetween, type InstanceView, type Observation } from '../observation.js';
import type { Phase } from '../phase.js';
import type { Rollout } from '../rollout.js';
import { drained, restartMs, returnDeadline } from './next.js';

type Swap = Extract<Phase, { kind: 'promoting' | 'rolling-back' }>;
type Restarting = Extract<Swap, { stage: 'restarting-main' }>;

/** Waits until main is empty, then lets it be restarted. */
export function leaveMain(
  rollout: Rollout,
  phase: Extract<Swap, { stage: 'leaving-main' }>,
  seen: Observation,
  nowMs: number,
): Decision {
  if (seen.daemon.kind === 'down') return wait(pm2Away(seen.daemon.reason));
  const empty = drained(seen.proxy, 'stable', phase.deadlineMs, nowMs);
  if (!empty.done) return wait(empty.reason);
  const next: Restarting = {
    ...phase,
    stage: 'restarting-main',
    deadlineMs: nowMs + restartMs(rollout),
    before: seen.daemon.main?.life ?? null,
  };
  return move(next, empty.reason);
}

/** Gives main its spec, once, and waits for the proof that it runs it. */
export function restartMain(
  rollout: Rollout,
  phase: Restarting,
  seen: Observation,
  nowMs: number,
  release: 'old' | 'new',
  giveUp: (cause: string) => Move,
): Decision {
  if (seen.daemon.kind === 'down') return wait(pm2Away(seen.daemon.reason));
  const { main } = seen.daemon;
  const late = nowMs >= phase.deadlineMs;
  const failed = (reason: string): Decision =>
    late ? giveUp(`main did not come up on the ${release} release: ${reason}`) : wait(reason);
  if (main === null) return failed('main is gone from PM2');
  const orphan = orphanOf(main);
  if (orphan !== null || !wasRestarted(main, phase.before)) {
    return late && seen.failure !== null
      ? failed(seen.failure)
      : order(rollout, phase, seen, nowMs, release);
  }
  if (main.life === null && !isInBetween(main) && phase.before === null && !late) {
    // It had no process before either: then it is for us to try.
    return order(rollout, phase, seen, nowMs, release);
  }
  if (main.status === 'errored') {
    return giveUp(`main did not come up on the ${release} release: PM2 gave up restarting it`);
  }
  const readiness = main.readiness ?? { ready: false, reason: 'not looked at yet' };
  if (!readiness.ready) return failed(readiness.reason);
  const next: Phase = {
    ...phase,
    stage: 'returning',
    deadlineMs: returnDeadline(rollout, nowMs),
  };
  return move(next, `main runs the ${release} release`);
}

/**
 * The order to restart, once the proxy sends nobody to main. One that could not be given before the
 * deadline (by a program that was not there, without the proxy) gives main its time anew.
 */
function order(
  rollout: Rollout,
  phase: Restarting,
  { proxy, daemon }: Observation,
  nowMs: number,
  release: 'old' | 'new',
): Decision {
  if (proxy.kind === 'down') return wait(proxyAway(proxy.reason));
  const respec = { kind: 'respec-main', release } as const;
  const inTime = nowMs < phase.deadlineMs;
  const next = inTime ? phase : { ...phase, deadlineMs: nowMs + restartMs(rollout) };
  const orphan = daemon.kind === 'up' ? orphanOf(daemon.main) : null;
  if (orphan !== null) {
    const told = `process ${orphan.pid}, which PM2 had started for main and lost sight of, keeps its port: it is ended, and main restarted`;
    return act({ ...respec, orphan }, move(next, told));
  }
  return inTime ? act(respec) : act(respec, move(next, 'main is restarted late'));
}

/** Main cannot come up as long as that process lives. */
function orphanOf(main: InstanceView | null): Instance | null {
  const readiness = main?.readiness ?? null;
  return readiness?.ready === false ? (readiness.orphan ?? null) : null;
}

/** Main holds the wanted spec and has had a new process since. */
function wasRestarted(main: InstanceView, before: Instance | null): boolean {
  if (!main.atSpec) return false;
  return before === null || !sameLife(main.life, before);
}

/** Waits until the canary is empty. */
export function comeBack(
  seen: Observation,
  deadlineMs: number,
  nowMs: number,
  next: Phase,
): Decision {
  const empty = drained(seen.proxy, 'canary', deadlineMs, nowMs);
  return empty.done ? move(next, empty.reason) : wait(empty.reason);
}
