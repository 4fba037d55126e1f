/**
 * What holds for the rollout protocol, checked for all states of a scene. What a single state or
 * step can break (an illegal move, traffic on an unproven process) the model finds as it is walked;
 * here is what needs the whole graph.
 */
import { isEnded } from '../../orchestrator/rollout/phase.js';
import { sameRoute, stableOnly } from '../../orchestrator/rollout/route.js';
import { components, endsOf } from './graph.js';
import type { Decide } from './program.js';
import { rolloutModel, type Scene, type State } from './rollout-model.js';
import { STEP_KINDS, walk, type Graph, type StepKind, type Violation } from './walk.js';

export interface Report {
  readonly states: number;
  readonly transitions: number;
  /** The longest of the shortest ways to a state. */
  readonly depth: number;
  /** How rollouts can end, or where they wait for a person. */
  readonly ends: readonly string[];
  readonly violations: readonly Violation[];
}

/** What is kept of a state. */
interface Facts {
  /** How the rollout ended, or where it waits for a person; null: it goes on. */
  readonly end: string | null;
  readonly isOver: boolean;
  /** What the loop has in mind that is not in the rollout. */
  readonly knows: 'nothing' | 'a failure' | 'something';
  /** Something comes back some time, or the commands of a preparation end, which have their times. */
  readonly isAwaited: boolean;
}

/** Nothing fails and nobody orders anything: what is under way must come to its end by itself. */
const QUIET: ReadonlySet<StepKind> = new Set(['program', 'time', 'world', 'recovery']);
const WITH_PERSON: ReadonlySet<StepKind> = new Set([...QUIET, 'person']);
const EVERYTHING: ReadonlySet<StepKind> = new Set(STEP_KINDS);
const WITHOUT_CRASH: ReadonlySet<StepKind> = new Set(STEP_KINDS.filter((kind) => kind !== 'crash'));

/**
 * Walks a scene with this `decide` and checks everything.
 * @throws Error when the scene has more states than that.
 */
export function check(scene: Scene, decide: Decide, maxStates: number): Report {
  const graph = walk(rolloutModel(scene, decide), factsOf, maxStates);
  const names = [...new Set(graph.facts.flatMap(({ end }) => end ?? []))].sort();
  const bit = (state: number): number => {
    const { end } = graph.facts[state]!;
    return end === null ? 0 : 1 << names.indexOf(end);
  };
  const found = [
    ...graph.violations,
    ...noWayOut(graph),
    ...circles(graph),
    ...falseEnds(graph, scene.ends ?? []),
    ...crashesThatMatter(graph, bit),
  ];
  return {
    states: graph.facts.length,
    transitions: graph.from.length,
    depth: graph.depth,
    ends: names,
    violations: found,
  };
}

function factsOf({ rollout, program, world }: State): Facts {
  return {
    end: endOf(rollout, world),
    isOver: isEnded(rollout.phase),
    knows: knowledge({ rollout, program, world }),
    isAwaited:
      world.preparation === 'running' ||
      program.at === 'dead' ||
      !world.proxyAnswers ||
      !world.daemonAnswers ||
      world.main?.life == null,
  };
}

function knowledge({
  rollout,
  program,
  world,
}: Pick<State, 'rollout' | 'program' | 'world'>): Facts['knows'] {
  const { preparation, smoke } = world;
  const hasLearned = preparation !== 'none' || (smoke !== 'none' && rollout.smoke === null);
  if (program.at !== 'rest' || hasLearned) return 'something';
  return program.failed ? 'a failure' : 'nothing';
}

function endOf({ phase, config, request }: State['rollout'], world: State['world']): string | null {
  if (phase.kind === 'held' && phase.deadlineMs === null && request === null)
    return `held: ${phase.why}`;
  if (!isEnded(phase)) return null;
  const main = world.main === null ? 'no main' : `main ${world.main.release}`;
  const canary = world.canary === null ? '' : ', a canary left';
  const route = sameRoute(world.route, stableOnly(config)) ? '' : ', another route';
  return `${phase.kind}: ${main}${canary}${route}`;
}

/** Every rollout can be ended, from wherever it has come to. */
function noWayOut(graph: Graph<Facts>): readonly Violation[] {
  const ends = endsOf(graph, WITH_PERSON, (state) => (graph.facts[state]!.isOver ? 1 : 0));
  const lost = ends.indexOf(0);
  return lost === -1 ? [] : [{ what: 'there is no way to an end', way: graph.wayTo(lost) }];
}

/**
 * What the history says is so: main runs the release that it should, alone, and has all traffic. And
 * a rollout can end either way.
 */
function falseEnds(graph: Graph<Facts>, others: readonly string[]): readonly Violation[] {
  const wrong = new Map<string, Violation>();
  graph.facts.forEach(({ end, isOver }, state) => {
    if (end === null || !isOver || wrong.has(end)) return;
    if ([...GOOD_ENDS, ...others].includes(end)) return;
    wrong.set(end, { what: `it ends ${end}`, way: graph.wayTo(state) });
  });
  const names = new Set(graph.facts.map(({ end }) => end));
  const missing = GOOD_ENDS.filter((end) => !names.has(end));
  return [...wrong.values(), ...missing.map((end) => ({ what: `no way to ${end}`, way: [] }))];
}

const GOOD_ENDS = ['promoted: main new', 'rolled-back: main old'];

/**
 * And it does end, or waits for a person: there is no circle in which time passes and the loop goes
 * on deciding, for ever. What is awaited comes some time, so a circle before that does not last.
 */
function circles(graph: Graph<Facts>): readonly Violation[] {
  const component = components(graph, QUIET);
  const kinds = new Map<number, Set<StepKind>>();
  const { from, to, kind, facts } = graph;
  for (let i = 0; i < from.length; i += 1) {
    const here = component[from[i]!]!;
    if (!QUIET.has(kind[i]!) || here !== component[to[i]!]) continue;
    const { end, isAwaited } = facts[from[i]!]!;
    if (end !== null || isAwaited) continue;
    const known = kinds.get(here) ?? new Set();
    kinds.set(here, known.add(kind[i]!));
  }
  for (const [circle, has] of kinds) {
    if (!has.has('time') || !has.has('program')) continue;
    return [{ what: 'it can go on for ever', way: graph.wayTo(component.indexOf(circle)) }];
  }
  return [];
}

/**
 * A crash and a new start change nothing: no end comes that would not have come otherwise, none is
 * lost, and what the loop keeps in memory decides nothing. Two exceptions: what the loop has learned
 * it finds out anew, and an action that has failed it may try once more.
 */
function crashesThatMatter(
  graph: Graph<Facts>,
  bit: (state: number) => number,
): readonly Violation[] {
  const ends = endsOf(graph, QUIET, bit);
  const { from, to, kind, facts } = graph;
  for (let i = 0; i < from.length; i += 1) {
    const { knows } = facts[from[i]!]!;
    if (kind[i] !== 'crash' || knows === 'something') continue;
    const [before, after] = [ends[from[i]!]!, ends[to[i]!]!];
    const isLost = (before & ~after) !== 0;
    if (!isLost && (before === after || knows === 'a failure')) continue;
    const way = [...graph.wayTo(from[i]!), 'the orchestrator dies'];
    return [{ what: `a crash ${isLost ? 'takes away' : 'adds'} an end`, way }];
  }
  const all = endsOf(graph, EVERYTHING, bit)[0];
  const withoutCrash = endsOf(graph, WITHOUT_CRASH, bit)[0];
  return all === withoutCrash
    ? []
    : [{ what: 'there are ends that only a crash leads to', way: [] }];
}
