/** Questions to a walked graph: what can be reached from where, and in which circles it can go for ever. */
import type { Graph, StepKind } from './walk.js';

type Edges = Pick<Graph<unknown>, 'from' | 'to' | 'kind'> & { readonly facts: readonly unknown[] };

/** Edges of some kinds, by the state that they leave (or, reversed, come to). */
class Adjacency {
  readonly #first: Int32Array;
  readonly #ends: Int32Array;

  constructor({ facts, from, to, kind }: Edges, kinds: ReadonlySet<StepKind>, reversed: boolean) {
    const [here, there] = reversed ? [to, from] : [from, to];
    this.#first = new Int32Array(facts.length + 1);
    let count = 0;
    for (let i = 0; i < here.length; i += 1)
      if (kinds.has(kind[i]!)) {
        this.#first[here[i]! + 1]! += 1;
        count += 1;
      }
    for (let i = 0; i < facts.length; i += 1) this.#first[i + 1]! += this.#first[i]!;
    this.#ends = new Int32Array(count);
    const next = this.#first.slice();
    for (let i = 0; i < here.length; i += 1)
      if (kinds.has(kind[i]!)) this.#ends[next[here[i]!]!++] = there[i]!;
  }

  of(state: number): Int32Array {
    return this.#ends.subarray(this.#first[state], this.#first[state + 1]);
  }
}

/**
 * For each state which ends (as bits) can be reached from it. `endOf` gives the bit of a state that
 * is an end itself, or 0.
 */
export function endsOf(
  graph: Edges,
  kinds: ReadonlySet<StepKind>,
  endOf: (state: number) => number,
): Int32Array {
  const back = new Adjacency(graph, kinds, true);
  const ends = new Int32Array(graph.facts.length);
  const changed: number[] = [];
  for (let state = 0; state < ends.length; state += 1) {
    ends[state] = endOf(state);
    if (ends[state] !== 0) changed.push(state);
  }
  for (let state = changed.pop(); state !== undefined; state = changed.pop())
    for (const before of back.of(state)) {
      const more = ends[before]! | ends[state]!;
      if (more === ends[before]) continue;
      ends[before] = more;
      changed.push(before);
    }
  return ends;
}

/**
 * The strongly connected component of each state (Tarjan's algorithm, without recursion): two
 * states are in one when each can be reached from the other.
 */
export function components(graph: Edges, kinds: ReadonlySet<StepKind>): Int32Array {
  const next = new Adjacency(graph, kinds, false);
  const size = graph.facts.length;
  const [index, low, component] = [
    new Int32Array(size),
    new Int32Array(size),
    new Int32Array(size).fill(-1),
  ];
  const open: number[] = [];
  let [seen, made] = [0, 0];
  for (let root = 0; root < size; root += 1) {
    if (index[root] !== 0) continue;
    const path: { readonly state: number; edge: number }[] = [];
    const enter = (state: number): void => {
      index[state] = low[state] = seen += 1;
      open.push(state);
      path.push({ state, edge: 0 });
    };
    enter(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const { state } = top;
      const to = next.of(state)[top.edge++];
      if (to !== undefined) {
        if (index[to] === 0) enter(to);
        else if (component[to] === -1) low[state] = Math.min(low[state]!, index[to]!);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) low[parent.state] = Math.min(low[parent.state]!, low[state]!);
      if (low[state] !== index[state]) continue;
      for (let member = open.pop(); member !== undefined; member = open.pop()) {
        component[member] = made;
        if (member === state) break;
      }
      made += 1;
    }
  }
  return component;
}
