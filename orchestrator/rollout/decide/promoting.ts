/**
 * promoting: main gets the new release without a gap. The canary carries the traffic while main
 * restarts, and goes on carrying it until main is proven.
 */
import type { Instance } from '../../proc/tree.js';
import { act, answer, move, wait, type Decision, type Move } from '../decision.js';
import type { InstanceView, Observation } from '../observation.js';
import type { Phase } from '../phase.js';
import { mainTouched, type Rollout } from '../rollout.js';
import { drained, restartMs, returnDeadline, rollback } from './next.js';
import { canaryTrouble } from './observing.js';
import { asked } from './starting.js';
import type { Situation } from './index.js';

type Swap = Extract<Phase, { kind: 'promoting' | 'rolling-back' }>;
type Restarting = Extract<Swap, { stage: 'restarting-main' }>;

export function decidePromoting(situation: Situation<'promoting'>): Decision {
  const { rollout, phase, seen, nowMs } = situation;
  const turnedBack = turnBack(rollout, seen, nowMs);
  if (turnedBack !== null) return turnedBack;
  switch (phase.stage) {
    case 'leaving-main':
      return leaveMain(rollout, phase, seen, nowMs);
    case 'restarting-main':
      return restartMain(rollout, phase, seen, nowMs, 'new', (cause) =>
        move(rollback(rollout, cause, false, nowMs), cause),
      );
    case 'returning':
      return comeBack(seen, phase.deadlineMs, nowMs, {
        kind: 'baking',
        startedAtMs: nowMs,
        endsAtMs: nowMs + rollout.config.bakeMs,
      });
  }
}

/** A person's rollback, or a canary that fails while it carries the traffic. */
function turnBack(rollout: Rollout, seen: Observation, nowMs: number): Move | null {
  if (rollout.request?.kind === 'rollback') {
    const phase = rollback(rollout, asked(rollout.request.reason), lives(seen), nowMs);
    return answer(phase, 'a person asked for it');
  }
  const cause = canaryTrouble(seen);
  if (cause === null || mainTouched(rollout.phase)) return null;
  return move(rollback(rollout, cause, false, nowMs), cause);
}

function lives({ daemon }: Observation): boolean {
  return daemon.kind === 'up' && daemon.canary?.life != null;
}

/** Waits until main is empty, then lets it be restarted. */
export function leaveMain(
  rollout: Rollout,
  phase: Extract<Swap, { stage: 'leaving-main' }>,
  seen: Observation,
  nowMs: number,
): Decision {
  if (seen.daemon.kind === 'down') return wait(`PM2 does not answer: ${seen.daemon.reason}`);
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
  if (seen.daemon.kind === 'down') return wait(`PM2 does not answer: ${seen.daemon.reason}`);
  const { main } = seen.daemon;
  const failed = (reason: string): Decision =>
    nowMs >= phase.deadlineMs
      ? giveUp(`main did not come up on the ${release} release: ${reason}`)
      : wait(reason);
  if (main === null) return failed('main is gone from PM2');
  if (!wasRestarted(main, phase.before)) {
    return nowMs >= phase.deadlineMs
      ? failed(seen.failure ?? 'PM2 did not restart it')
      : act({ kind: 'respec-main', release });
  }
  if (main.status === 'errored')
    return giveUp(`main did not come up on the ${release} release: PM2 gave up restarting it`);
  const readiness = main.readiness ?? { ready: false, reason: 'not looked at yet' };
  if (!readiness.ready) return failed(readiness.reason);
  const next: Phase = {
    ...phase,
    stage: 'returning',
    deadlineMs: returnDeadline(rollout, nowMs),
  };
  return move(next, `main runs the ${release} release`);
}

/** Main holds the wanted spec and has had a new process since. */
function wasRestarted(main: InstanceView, before: Instance | null): boolean {
  if (!main.atSpec) return false;
  return (
    before === null ||
    main.life === null ||
    main.life.pid !== before.pid ||
    main.life.startTicks !== before.startTicks
  );
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
