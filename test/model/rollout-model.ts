/** The whole protocol as a model: one rollout, the loop that decides about it, and the world. */
import type { Route, TrackRoute } from '../../common/protocol.js';
import type { ServiceConfig } from '../../config/types.js';
import type { Instance } from '../../orchestrator/proc/instance.js';
import type { Action } from '../../orchestrator/rollout/decision.js';
import { startingPhase } from '../../orchestrator/rollout/decide/next.js';
import { isEnded, type Phase } from '../../orchestrator/rollout/phase.js';
import { ruleOn } from '../../orchestrator/rollout/requests.js';
import { REQUEST_KINDS, type Rollout } from '../../orchestrator/rollout/rollout.js';
import type { WitnessedApp } from '../../orchestrator/rollout/witness.js';
import { Simulation } from '../orchestrator/rollout/simulation.js';
import { accidents, otherHand, progress, recoveries } from './events.js';
import {
  laterPhase,
  moving,
  NOW_MS,
  rounds,
  TICK_MS,
  type Decide,
  type Program,
} from './program.js';
import type { Model, Step, StepKind } from './walk.js';
import { onlyTrack, performed, SPECS, worldBefore, type App, type World } from './world.js';

export interface State {
  readonly rollout: Rollout;
  readonly program: Program;
  readonly world: World;
  /** Orders beside those that a held rollout waits for. */
  readonly ordersLeft: number;
  readonly faultsLeft: number;
}

/** What is walked through: a configuration, and how much may happen to it. */
export interface Scene {
  readonly name: string;
  readonly config: Partial<ServiceConfig>;
  /** The rollout makes its release first. */
  readonly prepares?: boolean;
  /** Accidents, failing actions and, if there is one, deeds of another hand: so many in all. */
  readonly faults: number;
  readonly orders: number;
  readonly otherHand?: boolean;
  /** Ends that are right in this scene beside the two that always are. */
  readonly ends?: readonly string[];
}

/** Every time is one step, so that time can always pass before the world goes on. */
const SHORT: Partial<ServiceConfig> = {
  steps: [{ weight: 0.1, windowMs: TICK_MS, gate: 'auto' }],
  bakeMs: TICK_MS,
  readyMs: TICK_MS,
  drain: { callsMs: TICK_MS, sessionsMs: 0 },
  maxWindowMs: 0,
};

export function rolloutModel(scene: Scene, decide: Decide): Model<State> {
  return {
    initial: [begin(scene)],
    encode,
    broken: ({ world }) => unproven(world),
    *steps(state) {
      if (isEnded(state.rollout.phase)) return;
      const { world, faultsLeft } = state;
      yield* programSteps(state, decide);
      const past = timePassed(state);
      yield step('time', 'time passes', past);
      yield* inWorld(state, 'world', progress(world));
      yield* inWorld(state, 'recovery', recoveries(world));
      yield* orders(state);
      if (faultsLeft === 0) return;
      const hit = { ...state, faultsLeft: faultsLeft - 1 };
      yield* inWorld(hit, 'fault', accidents(world));
      if (scene.otherHand === true) yield* inWorld(hit, 'fault', otherHand(world));
    },
  };
}

function begin({ config, prepares, orders, faults }: Scene): State {
  const simulation = new Simulation({ ...SHORT, ...config });
  const { rollout } = prepares === true ? simulation.preparing() : simulation;
  const phase = prepares === true ? rollout.phase : startingPhase(rollout.config, NOW_MS);
  return {
    rollout: { ...rollout, phase, startedAtMs: NOW_MS },
    program: { at: 'rest', failed: false },
    world: worldBefore(rollout.config),
    ordersLeft: orders,
    faultsLeft: faults,
  };
}

function step(kind: StepKind, name: string, to: State, broke: string | null = null): Step<State> {
  return { kind, name, to, broke };
}

function* inWorld(
  state: State,
  kind: StepKind,
  events: Iterable<{ readonly name: string; readonly to: World }>,
): Iterable<Step<State>> {
  for (const { name, to } of events) yield step(kind, name, { ...state, world: to });
}

/** The loop goes on, or is killed where it is. */
function* programSteps(state: State, decide: Decide): Iterable<Step<State>> {
  const { program, rollout, world } = state;
  switch (program.at) {
    case 'dead':
      yield step('recovery', 'the orchestrator is back', {
        ...state,
        program: { at: 'rest', failed: false },
      });
      return;
    case 'rest':
      for (const { name, broke, ...to } of rounds(decide, rollout, world, program.failed))
        yield step('program', name, { ...state, ...to }, broke);
      break;
    case 'intent':
      yield* carriedOut(state, program);
      break;
    case 'outcome': {
      const { done, then, request } = program;
      const goesOn = done && then !== null && rollout.request === request;
      const { broke, ...to } = goesOn
        ? moving(rollout, then)
        : { rollout, program: { at: 'rest', failed: !done } as const, broke: null };
      yield step(
        'program',
        done ? 'record that it is done' : 'record that it failed',
        { ...state, ...to },
        broke,
      );
      break;
    }
  }
  yield step('crash', 'the orchestrator dies', {
    ...state,
    program: { at: 'dead' },
    world: { ...world, preparation: 'none', smoke: 'none' },
  });
}

/** An action is done, or not, or done with its answer lost. */
function* carriedOut(
  state: State,
  { action, then, request }: Extract<Program, { at: 'intent' }>,
): Iterable<Step<State>> {
  const { rollout, world, faultsLeft } = state;
  const outcome = (done: boolean): Program => ({ at: 'outcome', done, then, request });
  const to = performed(world, action, rollout);
  if (to === null) {
    yield step('program', `${action.kind} cannot be done`, { ...state, program: outcome(false) });
    return;
  }
  const broke = wrongIn(world, action);
  yield step('program', action.kind, { ...state, world: to, program: outcome(true) }, broke);
  if (faultsLeft === 0 || isInProgram(action)) return;
  const hit = { ...state, program: outcome(false), faultsLeft: faultsLeft - 1 };
  yield step('failure', `${action.kind} fails`, hit);
  yield step('failure', `${action.kind} is done, the answer lost`, { ...hit, world: to }, broke);
}

function isInProgram({ kind }: Action): boolean {
  return kind === 'prepare' || kind === 'stop-preparing' || kind === 'smoke';
}

/** What must never be done, whatever has happened since it was decided. */
function wrongIn({ route }: World, { kind }: Action): string | null {
  if (kind === 'respec-main' && route.tracks.stable.weight > 0)
    return 'main is restarted with traffic on it';
  if (kind === 'tidy-up' && (route.tracks.canary?.weight ?? 0) > 0)
    return 'the canary is removed with traffic on it';
  return null;
}

function unproven({ route, ...apps }: World): string | null {
  const name = onlyTrack(route);
  const app = name === null ? null : apps[name];
  if (app === null || app.proven || app.release === 'edited') return null;
  return `all traffic is on ${String(name)}, which has never served on the ${app.release} release`;
}

function timePassed(state: State): State {
  const { program } = state;
  const rollout = { ...state.rollout, phase: laterPhase(state.rollout.phase) };
  if (!('then' in program) || program.then === null) return { ...state, rollout };
  const then = { ...program.then, to: laterPhase(program.then.to) };
  return { ...state, rollout, program: { ...program, then } };
}

/** A person orders what is allowed. A held rollout waits for that, so there it costs nothing. */
function* orders(state: State): Iterable<Step<State>> {
  const { rollout, program, ordersLeft } = state;
  const { phase, request } = rollout;
  const awaited = phase.kind === 'held' && request === null;
  if (program.at === 'dead' || (ordersLeft === 0 && !awaited)) return;
  for (const kind of REQUEST_KINDS) {
    const ruling = ruleOn(rollout, kind);
    if (typeof ruling === 'object' || (ruling === 'done' && request?.kind !== 'pause')) continue;
    const order = ruling === 'take' ? { kind, reason: null, atMs: NOW_MS } : null;
    yield step('person', `canary ${kind}`, {
      ...state,
      rollout: { ...rollout, request: order },
      ordersLeft: awaited ? ordersLeft : ordersLeft - 1,
    });
  }
}

/** Numbers in the order of their appearance: two states that differ only in pids are one. */
class Names {
  readonly #known = new Map<number | string, number>();
  of(value: number | string | null | undefined): string {
    if (value === null || value === undefined) return '-';
    const known = this.#known.get(value) ?? this.#known.size;
    this.#known.set(value, known);
    return String(known);
  }
}

const RELEASES = new Map(Object.entries(SPECS).map(([release, spec]) => [spec, release]));

function encode({ rollout, program, world, ordersLeft, faultsLeft }: State): string {
  const [lives, deeds, ids, daemons] = [new Names(), new Names(), new Names(), new Names()];
  const life = (of: Instance | null): string => lives.of(of?.pid);
  const app = (of: App | null): string =>
    of === null
      ? '-'
      : `${of.release} ${lives.of(of.life)} ${of.status} ${deeds.of(of.order)} ${ids.of(of.id)} ${of.serves} ${of.proven} ${of.stoppedByHand}`;
  const seen = (of: WitnessedApp | null | undefined): string =>
    of == null
      ? '-'
      : `${RELEASES.get(of.spec) ?? ''} ${life(of.life)} ${deeds.of(of.orderedAtMs)} ${ids.of(Number(of.uniqueId))} ${daemons.of(of.daemonStartedAtMs)}`;
  const phase = (of: Phase): string => phaseKey(of, life);
  const { witness, request, smoke } = rollout;
  const { carries } = world;
  return [
    app(world.main),
    app(world.canary),
    app(world.baseline),
    lives.of(world.orphan),
    `${daemons.of(world.daemon)} ${world.daemonAnswers} ${world.dump} ${world.proxyAnswers} ${routeKey(world.route)}`,
    `${carries.stable} ${carries.canary} ${world.preparation} ${world.smoke}`,
    phase(rollout.phase),
    `${request?.kind ?? ''} ${smoke?.passed ?? ''}`,
    `${seen(witness?.main)} ${seen(witness?.canary)}`,
    programKey(program, rollout, phase),
    ordersLeft,
    faultsLeft,
  ].join('|');
}

function programKey(program: Program, { request }: Rollout, phase: (of: Phase) => string): string {
  switch (program.at) {
    case 'dead':
      return 'dead';
    case 'rest':
      return `rest ${program.failed}`;
    case 'intent':
    case 'outcome': {
      const what = program.at === 'intent' ? actionKey(program.action) : String(program.done);
      const { then } = program;
      const next = then === null ? '' : `${phase(then.to)} ${then.answersRequest}`;
      return `${program.at} ${what} ${next} ${program.request === request}`;
    }
  }
}

function actionKey(action: Action): string {
  switch (action.kind) {
    case 'set-route':
      return `set-route ${routeKey(action.route)}`;
    case 'start':
      return `start ${action.track}`;
    case 'respec-main':
      return `respec-main ${action.release} ${action.orphan !== undefined}`;
    default:
      return action.kind;
  }
}

function routeKey({ tracks }: Route): string {
  const key = (track: TrackRoute | undefined): string =>
    track === undefined ? '-' : `${track.weight}${track.drain ? 'd' : ''}`;
  return `${key(tracks.stable)} ${key(tracks.canary)} ${key(tracks.baseline)}`;
}

/** All that a phase is decided by: not its cause, and not when the baking began. */
function phaseKey(phase: Phase, life: (of: Instance | null) => string): string {
  const all = phase as Partial<
    Record<'stage' | 'why', string> &
      Record<'deadlineMs' | 'endsAtMs' | 'remainingMs' | 'step' | 'extensions', number> & {
        before: Instance | null;
        mainTouched: boolean;
      }
  >;
  const at = all.deadlineMs ?? all.endsAtMs;
  const left = at == null ? '-' : String(at - NOW_MS);
  const before = all.before === undefined ? '' : life(all.before);
  return `${phase.kind} ${all.stage ?? ''} ${all.why ?? ''} ${all.step ?? ''} ${left} ${all.extensions ?? ''} ${all.remainingMs ?? ''} ${all.mainTouched ?? ''} ${before}`;
}
