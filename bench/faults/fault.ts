/** The faults that there are, and how one is drawn (pure). What each does to the world is in inject/. */
import type { Random } from '../judge/random.js';

/** Whom a fault befalls. */
export const TARGETS = ['orchestrator', 'proxy', 'canary', 'main', 'daemon'] as const;
export type Target = (typeof TARGETS)[number];

export type Fault =
  /** SIGKILL. A daemon is started again after a while, and its dump resurrected. */
  | { readonly kind: 'kill'; readonly target: Target; readonly awayMs: number }
  /** SIGSTOP, and SIGCONT after a while. */
  | { readonly kind: 'stop'; readonly target: Target; readonly awayMs: number };

export type FaultKind = Fault['kind'];

type Draw<K extends FaultKind> = (random: Random) => Extract<Fault, { kind: K }>;

const DRAWS: { readonly [K in FaultKind]: Draw<K> } = {
  kill: (random) => ({ kind: 'kill', target: target(random), awayMs: between(random, 300, 2_500) }),
  stop: (random) => ({ kind: 'stop', target: target(random), awayMs: between(random, 300, 4_000) }),
};

export const FAULT_KINDS = Object.keys(DRAWS) as readonly FaultKind[];

/** A fault of the given kind, or of any. */
export function drawFault(random: Random, only: FaultKind | null): Fault {
  const drawn = FAULT_KINDS[Math.floor(random.uniform() * FAULT_KINDS.length)] ?? 'kill';
  return DRAWS[only ?? drawn](random);
}

function target(random: Random): Target {
  return TARGETS[Math.floor(random.uniform() * TARGETS.length)] ?? 'main';
}

function between(random: Random, from: number, to: number): number {
  return Math.round(from + random.uniform() * (to - from));
}

/** In words, for a report: `kill main`. */
export function nameOf(fault: Fault): string {
  return `${fault.kind} ${fault.target}`;
}

/** @throws Error when there is no such kind. */
export function asFaultKind(text: string | undefined): FaultKind | null {
  if (text === undefined || text === '') return null;
  const kind = FAULT_KINDS.find((each) => each === text);
  if (kind !== undefined) return kind;
  throw new Error(`there is no fault ${text}: there are ${FAULT_KINDS.join(', ')}`);
}
