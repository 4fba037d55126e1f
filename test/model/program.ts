/**
 * The orchestrator in the model: the rounds of `orchestrator/rollout/loop.ts` cut into the steps
 * between which it can be killed or overtaken, around the real `decide`, `moved` and `rule`.
 *
 * A look, the decision and the storing of a move are one step here: whatever happens between them
 * could as well have happened after, for neither a decision nor a move changes the world.
 *
 * Time stands still at NOW_MS; when it passes, what is written in absolute times comes nearer.
 */
import type { Instance } from '../../orchestrator/proc/instance.js';
import { witnessing } from '../../orchestrator/rollout/drift.js';
import type { Action, Decision, Move } from '../../orchestrator/rollout/decision.js';
import type {
  InstanceView,
  Observation,
  Readiness,
} from '../../orchestrator/rollout/observation.js';
import type { Phase } from '../../orchestrator/rollout/phase.js';
import { specOfMain } from '../../orchestrator/rollout/main-spec.js';
import { moved, type Request, type Rollout } from '../../orchestrator/rollout/rollout.js';
import type { Assessment } from '../../orchestrator/judge/types.js';
import {
  failing,
  passedSmoke,
  passing,
  service,
  trackState,
  unsure,
} from '../orchestrator/rollout/simulation.js';
import { APP_NAMES, SPECS, type AppName, type World } from './world.js';

export const NOW_MS = 1_000_000_000;
/** As long as the grace of a smoke test, so that one step of time is over any deadline. */
export const TICK_MS = 30_000;

export type Decide = (rollout: Rollout, seen: Observation, nowMs: number) => Decision;

/** Where the loop is. A dead one knows nothing: all is in the rollout. */
export type Program =
  | { readonly at: 'rest'; readonly failed: boolean }
  | {
      readonly at: 'intent';
      readonly action: Action;
      readonly then: Move | null;
      readonly request: Request | null;
    }
  | {
      readonly at: 'outcome';
      readonly done: boolean;
      readonly then: Move | null;
      readonly request: Request | null;
    }
  | { readonly at: 'dead' };

const VERDICTS: readonly Assessment[] = [passing, failing, unsure];

/** What the judge may say in a phase (`isJudged` in monitor.ts). */
function verdicts(phase: Phase): readonly (Assessment | null)[] {
  const judged =
    phase.kind === 'observing' ||
    phase.kind === 'baking' ||
    (phase.kind === 'held' && phase.why !== 'main-down') ||
    (phase.kind === 'promoting' && phase.stage === 'leaving-main');
  return judged ? VERDICTS : [null];
}

export interface Round {
  readonly name: string;
  readonly rollout: Rollout;
  readonly program: Program;
  readonly broke: string | null;
}

/** One look and what is decided by it, once for each verdict that there can be. */
export function* rounds(
  decide: Decide,
  rollout: Rollout,
  world: World,
  failed: boolean,
): Iterable<Round> {
  const known = remembering(rollout, world);
  for (const assessment of verdicts(known.phase)) {
    const seen = observe(known, world, assessment, failed);
    const witness = witnessing(known, seen);
    const decision = decide(witness, seen, NOW_MS);
    const verdict = assessment === null ? '' : ` (${assessment.verdict})`;
    yield { ...after(witness, world, decision, failed), name: `${nameOf(decision)}${verdict}` };
  }
}

function after(
  rollout: Rollout,
  world: World,
  decision: Decision,
  failed: boolean,
): Omit<Round, 'name'> {
  switch (decision.kind) {
    case 'wait':
      return { rollout, program: { at: 'rest', failed }, broke: null };
    case 'move':
      return moving(rollout, decision);
    case 'act': {
      const { action, then } = decision;
      const program = { at: 'intent', action, then, request: rollout.request } as const;
      return { rollout, program, broke: wrongToDo(world, action) };
    }
  }
}

/** A move as the loop makes it: the table of moves is asked. */
export function moving(rollout: Rollout, move: Move): Omit<Round, 'name'> {
  const program = { at: 'rest', failed: false } as const;
  try {
    return { rollout: moved(rollout, move, NOW_MS), program, broke: null };
  } catch (error) {
    return { rollout, program, broke: (error as Error).message };
  }
}

/** What must not even be decided. */
function wrongToDo({ main, canary }: World, action: Action): string | null {
  if (action.kind !== 'respec-main' || action.release === 'old') return null;
  return main?.release === 'old' && main.serves && canary?.life == null
    ? 'main is given the new release while it alone serves'
    : null;
}

function nameOf(decision: Decision): string {
  switch (decision.kind) {
    case 'wait':
      return 'wait';
    case 'move':
      return 'stage' in decision.to
        ? `move to ${decision.to.kind}/${decision.to.stage}`
        : `move to ${decision.to.kind}`;
    case 'act':
      return `intend ${decision.action.kind}`;
  }
}

/** As the loop does with what is not seen again. */
function remembering(rollout: Rollout, { smoke }: World): Rollout {
  if (rollout.smoke !== null || (smoke !== 'failed' && smoke !== 'passed')) return rollout;
  return { ...rollout, smoke: { ...passedSmoke, passed: smoke === 'passed' } };
}

/** What look.ts would show of the world. */
function observe(
  rollout: Rollout,
  world: World,
  assessment: Assessment | null,
  failed: boolean,
): Observation {
  const { route, carries } = world;
  const stopped = APP_NAMES.filter((name) => world[name]?.stoppedByHand === true);
  return {
    daemon: world.daemonAnswers
      ? {
          kind: 'up',
          startedAtMs: world.daemon,
          mainCount: world.main === null ? 0 : 1,
          canaryCount: world.canary === null ? 0 : 1,
          main: viewOf(rollout, world, 'main'),
          canary: viewOf(rollout, world, 'canary'),
          baseline: viewOf(rollout, world, 'baseline'),
        }
      : { kind: 'down', reason: 'no answer' },
    proxy: world.proxyAnswers
      ? {
          kind: 'up',
          service: {
            service: service.name,
            listen: service.listen,
            listening: true,
            listenError: null,
            route,
            tracks: {
              stable: trackState(carries.stable ? 1 : 0),
              canary: trackState(carries.canary ? 1 : 0),
              baseline: trackState(0),
            },
          },
        }
      : { kind: 'down', reason: 'no answer' },
    preparation: preparationOf(world),
    assessment,
    smoke: world.smoke === 'running' ? { kind: 'running', at: 'call 1 of 2' } : null,
    failure: failed ? 'it failed' : null,
    deeds: { stops: new Set(stopped.map(pmIdOf)), memoryRestarts: new Set() },
  };
}

function preparationOf({ preparation }: World): Observation['preparation'] {
  switch (preparation) {
    case 'none':
      return null;
    case 'running':
      return { kind: 'running', doing: 'command 1 of 1' };
    case 'failed':
      return { kind: 'failed', reason: 'it ended with exit code 2' };
    case 'done':
      return { kind: 'done', summary: 'the release is prepared' };
  }
}

const pmIdOf = (name: AppName): number => APP_NAMES.indexOf(name);

function viewOf(rollout: Rollout, world: World, name: AppName): InstanceView | null {
  const app = world[name];
  if (app === null) return null;
  const atSpec = name !== 'main' || SPECS[app.release] === specOfMain(rollout);
  const readiness: Readiness = app.serves
    ? { ready: true, server: null }
    : { ready: false, reason: 'no answer', ...(name === 'main' && orphanIn(world)) };
  return {
    status: app.status,
    life: app.life === null ? null : { pid: app.life, startTicks: app.life },
    restarts: 0,
    exitCode: app.life === null ? 1 : null,
    startedAtMs: NOW_MS,
    app: {
      pmId: pmIdOf(name),
      uniqueId: String(app.id),
      orderedAtMs: app.order,
      restartsByItself: false,
      spec: SPECS[app.release],
    },
    atSpec,
    readiness: atSpec && isAwaited(rollout.phase, name) ? readiness : null,
  };
}

function orphanIn({ orphan }: World): { readonly orphan?: Instance } {
  return orphan === null ? {} : { orphan: { pid: orphan, startTicks: orphan } };
}

function isAwaited(phase: Phase, name: AppName): boolean {
  if (name !== 'main') return phase.kind === 'starting';
  const isRestarting = 'stage' in phase && phase.stage === 'restarting-main';
  return isRestarting || (phase.kind === 'held' && phase.why === 'main-down');
}

/** A phase after one step of time. What is over is over: how long does not matter. */
export function laterPhase(phase: Phase): Phase {
  // The smoke test's grace counts from its deadline.
  const earliestMs = phase.kind === 'smoking' ? NOW_MS - TICK_MS : NOW_MS;
  const sooner = (atMs: number): number => Math.max(earliestMs, atMs - TICK_MS);
  if ('endsAtMs' in phase) return { ...phase, endsAtMs: sooner(phase.endsAtMs) };
  if (!('deadlineMs' in phase) || phase.deadlineMs === null) return phase;
  return { ...phase, deadlineMs: sooner(phase.deadlineMs) };
}
