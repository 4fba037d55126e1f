/**
 * A walk over all states that a model can reach, breadth first, so that the way to a violation is a
 * shortest one. A state is known by 53 bits of its encoding: with a million states the chance that
 * two are taken for one is below 1 in 10,000.
 */

/** What kind of thing happens in a step: properties differ in what they take for granted. */
export const STEP_KINDS = [
  /** The orchestrator goes on, and what it does succeeds. */
  'program',
  /** An action fails, or its answer is lost. */
  'failure',
  /** The orchestrator is killed. */
  'crash',
  'time',
  /** A process comes up, or does not; a track empties; a test ends. */
  'world',
  /** A person's order. */
  'person',
  /** Something dies, or another hand uses PM2. */
  'fault',
  /** What was down comes back. */
  'recovery',
] as const;
export type StepKind = (typeof STEP_KINDS)[number];

export interface Step<S> {
  readonly kind: StepKind;
  readonly name: string;
  readonly to: S;
  /** What the step itself broke, null when nothing. */
  readonly broke: string | null;
}

export interface Model<S> {
  readonly initial: readonly S[];
  steps(state: S): Iterable<Step<S>>;
  /** Equal for states that behave alike. */
  encode(state: S): string;
  /** What is wrong with a state by itself, null when nothing. */
  broken(state: S): string | null;
}

export interface Violation {
  readonly what: string;
  /** The names of the steps that lead there, from an initial state. */
  readonly way: readonly string[];
}

/** All states that were reached, in the order of their distance, with what was kept of each. */
export interface Graph<F> {
  readonly facts: readonly F[];
  readonly depth: number;
  /** `from[i]` ─`kind[i]`▶ `to[i]`; steps that change nothing are among them. */
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly kind: readonly StepKind[];
  readonly violations: readonly Violation[];
  wayTo(state: number): readonly string[];
}

const MAX_VIOLATIONS = 5;

/**
 * Walks until nothing new is reached. `factsOf` is what is kept of a state beside its number.
 * @throws Error when there are more states than the limit: the model is not small enough.
 */
export function walk<S, F>(model: Model<S>, factsOf: (state: S) => F, maxStates: number): Graph<F> {
  const numbers = new Map<number, number>();
  const facts: F[] = [];
  const parents: { readonly state: number; readonly step: string }[] = [];
  const [from, to, kind]: [number[], number[], StepKind[]] = [[], [], []];
  const violations: Violation[] = [];
  const wayTo = (state: number): string[] => {
    const way: string[] = [];
    for (let at = state; parents[at]!.state >= 0; at = parents[at]!.state)
      way.unshift(parents[at]!.step);
    return way;
  };
  const blame = (what: string | null, way: () => readonly string[]): void => {
    if (what !== null && violations.length < MAX_VIOLATIONS) violations.push({ what, way: way() });
  };
  let found: S[] = [];
  const numberOf = (state: S, parent: number, step: string): number => {
    const key = hash(model.encode(state));
    const known = numbers.get(key);
    if (known !== undefined) return known;
    const number = facts.length;
    if (number >= maxStates) throw new Error(`more than ${maxStates} states`);
    numbers.set(key, number);
    facts.push(factsOf(state));
    parents.push({ state: parent, step });
    found.push(state);
    blame(model.broken(state), () => wayTo(number));
    return number;
  };

  for (const state of model.initial) numberOf(state, -1, 'begin');
  let [depth, number] = [0, 0];
  for (let frontier = found; frontier.length > 0; frontier = found, depth += 1) {
    found = [];
    for (const state of frontier) {
      const at = number++;
      for (const step of model.steps(state)) {
        blame(step.broke, () => [...wayTo(at), step.name]);
        from.push(at);
        to.push(numberOf(step.to, at, step.name));
        kind.push(step.kind);
      }
    }
  }
  return { facts, depth: depth - 1, from, to, kind, violations, wayTo };
}

/** cyrb53 (public domain, github.com/bryc): 53 bits, which a number holds exactly. */
function hash(text: string): number {
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return 4294967296 * (2097151 & b) + (a >>> 0);
}
