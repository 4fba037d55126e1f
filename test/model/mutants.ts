/** Wrong `decide`s, each wrong in one thing that matters: the model has to find every one of them. */
import { decide } from '../../orchestrator/rollout/decide/index.js';
import { act, move, wait, type Decision } from '../../orchestrator/rollout/decision.js';
import type {
  InstanceView,
  Observation,
  Readiness,
} from '../../orchestrator/rollout/observation.js';
import type { Rollout } from '../../orchestrator/rollout/rollout.js';
import { routeFor } from '../../orchestrator/rollout/route.js';
import { TICK_MS, type Decide } from './program.js';
import type { Scene } from './rollout-model.js';

export interface Mutant {
  readonly name: string;
  readonly decide: Decide;
  /** What the smallest scene that shows it has to have. */
  readonly needs?: Partial<Scene>;
  /** Part of what the model says of it. */
  readonly found: string;
}

const READY: Readiness = { ready: true, server: null };

/** The same look with another daemon's apps. */
function seeing(seen: Observation, app: 'main' | 'canary', as: Partial<InstanceView>): Observation {
  const { daemon } = seen;
  if (daemon.kind === 'down' || daemon[app] === null) return seen;
  return { ...seen, daemon: { ...daemon, [app]: { ...daemon[app], ...as } } };
}

/** Main without what keeps its port. */
function blind({ daemon }: Observation): Partial<InstanceView> {
  const readiness = daemon.kind === 'up' ? daemon.main?.readiness : null;
  return readiness?.ready === false
    ? { readiness: { ready: false, reason: readiness.reason } }
    : {};
}

/** The real decision, but where this says something else. */
function but(
  other: (
    decision: Decision,
    rollout: Rollout,
    seen: Observation,
    nowMs: number,
  ) => Decision | null,
): Decide {
  return (rollout, seen, nowMs) => {
    const decision = decide(rollout, seen, nowMs);
    return other(decision, rollout, seen, nowMs) ?? decision;
  };
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'does not wait until the canary serves',
    decide: (rollout, seen, nowMs) =>
      decide(rollout, seeing(seen, 'canary', { readiness: READY }), nowMs),
    needs: { orders: 1 },
    found: 'all traffic is on canary, which has never served',
  },
  {
    name: 'does not wait until main serves on its new spec',
    decide: (rollout, seen, nowMs) =>
      decide(rollout, seeing(seen, 'main', { readiness: READY }), nowMs),
    found: 'all traffic is on main, which has never served',
  },
  {
    name: 'takes main as it is for restarted',
    decide: (rollout, seen, nowMs) =>
      decide(
        rollout,
        seeing(seen, 'main', {
          atSpec: true,
          status: 'launching',
          life: null,
          readiness: READY,
        }),
        nowMs,
      ),
    found: 'no way to promoted',
  },
  {
    name: "leaves main's port to an orphan",
    decide: (rollout, seen, nowMs) => decide(rollout, seeing(seen, 'main', blind(seen)), nowMs),
    needs: { faults: 1, otherHand: true },
    found: 'there is no way to an end',
  },
  {
    name: 'never puts the route right',
    decide: (rollout, seen, nowMs) =>
      seen.proxy.kind === 'down'
        ? decide(rollout, seen, nowMs)
        : decide(
            rollout,
            {
              ...seen,
              proxy: {
                ...seen.proxy,
                service: { ...seen.proxy.service, route: routeFor(rollout) },
              },
            },
            nowMs,
          ),
    found: 'main is restarted with traffic on it',
  },
  {
    name: 'restarts main though the canary has ended',
    decide: but((_, rollout, seen, nowMs) =>
      rollout.phase.kind === 'promoting' && rollout.phase.stage === 'restarting-main'
        ? decide(rollout, seeing(seen, 'canary', { life: { pid: 9, startTicks: 9 } }), nowMs)
        : null,
    ),
    needs: { faults: 1 },
    found: 'while it alone serves',
  },
  {
    name: 'forgets in a rollback that main was touched',
    decide: but((decision, rollout) =>
      decision.kind === 'move' &&
      rollout.phase.kind === 'baking' &&
      decision.to.kind === 'rolling-back'
        ? move({ kind: 'rolling-back', cause: '', mainTouched: false, stage: 'removing' }, '')
        : null,
    ),
    found: 'it ends rolled-back: main new',
  },
  {
    name: 'ends a rollback whatever the proxy says',
    decide: but((_, { phase }, { daemon }) =>
      phase.kind === 'rolling-back' && phase.stage === 'removing' && daemon.kind === 'up'
        ? act({ kind: 'tidy-up' }, move({ kind: 'rolled-back', cause: '' }, ''))
        : null,
    ),
    found: 'another route',
  },
  {
    name: 'calls it promoted without a look at main',
    decide: but((_, { phase }, { daemon, proxy }) =>
      phase.kind === 'retiring' && daemon.kind === 'up' && proxy.kind === 'up'
        ? move({ kind: 'promoted' }, '')
        : null,
    ),
    found: 'a canary left',
  },
  {
    name: 'gives a canary that does not start more time for ever',
    decide: but((decision, { phase }, _, nowMs) =>
      decision.kind === 'move' && phase.kind === 'starting' && decision.to.kind === 'rolling-back'
        ? move({ ...phase, deadlineMs: nowMs + TICK_MS }, 'later')
        : null,
    ),
    found: 'it can go on for ever',
  },
  {
    name: 'waits for ever for a track that does not empty',
    decide: but((decision, { phase }, { proxy }) =>
      decision.kind === 'move' &&
      'stage' in phase &&
      phase.stage === 'leaving-main' &&
      proxy.kind === 'up' &&
      proxy.service.tracks.stable.inFlight > 0
        ? wait('it is not empty')
        : null,
    ),
    found: 'it can go on for ever',
  },
  {
    name: 'holds a canary that ended',
    decide: but((decision, { phase }) =>
      decision.kind === 'move' && phase.kind === 'observing' && decision.to.kind === 'rolling-back'
        ? wait('it is looked into')
        : null,
    ),
    needs: { faults: 1 },
    found: 'it can go on for ever',
  },
  {
    name: 'does not take traffic back from a held rollout',
    decide: but((decision, { phase }) =>
      decision.kind === 'move' && phase.kind === 'held' ? move({ kind: 'promoted' }, '') : null,
    ),
    found: 'no move from held to promoted',
  },
  {
    name: 'tries longer while it remembers that it failed',
    decide: but((decision, { phase }, { failure }) =>
      decision.kind === 'move' &&
      phase.kind === 'starting' &&
      decision.to.kind === 'rolling-back' &&
      failure !== null
        ? act({ kind: 'start', track: 'canary' })
        : null,
    ),
    needs: { faults: 1 },
    found: 'a crash takes away an end',
  },
];
