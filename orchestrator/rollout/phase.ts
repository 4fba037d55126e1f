/**
 * The phases of a rollout: a disjoint union, each phase owning the facts that only it needs, and
 * the one table of the moves between them.
 *
 *   preparing ▶ starting ▶ smoking ▶ observing ▶ promoting ▶ baking ▶ retiring ▶ promoted
 *       ╰──────────┴──────────┴──────────┴───────────┴─────────┴─────────┴──▶ rolling-back ▶ rolled-back
 *   preparing comes first only when the rollout makes its release itself
 *   starting ▶ observing, when there is nothing to test before
 *   starting, smoking ▶ promoting, when a person has already asked for it
 *   held: waits for a person, entered from observing and, with main down, from rolling-back
 *
 * All times are Unix milliseconds, so that a phase means the same after a restart.
 */
import type { Instance } from '../proc/instance.js';

/**
 * A restart of main without a gap, in three stages: the canary takes all traffic, main is given a
 * spec and proven on it, the traffic goes back. Promoting runs it with the new release, rolling
 * back (once main was touched) with the old one.
 */
export type SwapStage =
  | { readonly stage: 'leaving-main'; readonly deadlineMs: number }
  | {
      readonly stage: 'restarting-main';
      readonly deadlineMs: number;
      /** Main's life before the restart; null when it had no process. */
      readonly before: Instance | null;
    }
  | { readonly stage: 'returning'; readonly deadlineMs: number };

export type HeldWhy =
  /** A person paused it. */
  | 'paused'
  /** A step is over and its gate asks for a person. */
  | 'gate'
  /** The window ended with too little evidence. */
  | 'inconclusive'
  /** The window passed and `promote: manual` asks for a person. */
  | 'approval'
  /** Another hand changed main or the canary. */
  | 'drift'
  /** Main does not come up on either release; the canary keeps the traffic. */
  | 'main-down';

export type Phase =
  /** Without a deadline: each of its commands has one. */
  | { readonly kind: 'preparing' }
  | { readonly kind: 'starting'; readonly deadlineMs: number }
  /** The canary serves, gets no traffic, and must pass its smoke test and the contract check. */
  | { readonly kind: 'smoking'; readonly deadlineMs: number }
  | {
      readonly kind: 'observing';
      readonly step: number;
      readonly endsAtMs: number;
      /** How often the step's window was extended since the step, or a person's `resume`, began it; missing: never. */
      readonly extensions?: number;
    }
  | {
      readonly kind: 'held';
      readonly why: HeldWhy;
      readonly step: number;
      /** What is left of the step, for `resume`. */
      readonly remainingMs: number;
      /** When the time for a person is over; null: it has no end, or is over already. */
      readonly deadlineMs: number | null;
      /** With `why: drift`: what was done to which app, so that another deed is told too. */
      readonly deed?: string;
    }
  | ({ readonly kind: 'promoting' } & SwapStage)
  | { readonly kind: 'baking'; readonly startedAtMs: number; readonly endsAtMs: number }
  | { readonly kind: 'retiring' }
  | ({
      readonly kind: 'rolling-back';
      readonly cause: string;
      /** Main was given the new release, or may have been: it must get its old spec back. */
      readonly mainTouched: boolean;
    } & (SwapStage | { readonly stage: 'removing' }))
  | { readonly kind: 'promoted' }
  | { readonly kind: 'rolled-back'; readonly cause: string };

export type PhaseKind = Phase['kind'];
export type PhaseOf<K extends PhaseKind> = Extract<Phase, { kind: K }>;

/** Every move that exists. A phase may always move to itself (to its next stage or step). */
const MOVES: Readonly<Record<PhaseKind, readonly PhaseKind[]>> = {
  preparing: ['starting', 'rolling-back'],
  starting: ['smoking', 'observing', 'promoting', 'rolling-back'],
  smoking: ['observing', 'promoting', 'rolling-back'],
  observing: ['held', 'promoting', 'rolling-back'],
  held: ['observing', 'promoting', 'rolling-back'],
  promoting: ['baking', 'rolling-back'],
  baking: ['retiring', 'rolling-back'],
  retiring: ['promoted', 'rolling-back'],
  'rolling-back': ['rolled-back', 'held'],
  promoted: [],
  'rolled-back': [],
};

export const PHASE_KINDS = Object.keys(MOVES) as readonly PhaseKind[];

/** How a rollout can end. */
export const ENDED_PHASES = PHASE_KINDS.filter((kind) => MOVES[kind].length === 0);

/** True when the rollout is over. */
export function isEnded(phase: Phase): boolean {
  return MOVES[phase.kind].length === 0;
}

/** True when the table allows the move. */
export function canMove(from: PhaseKind, to: PhaseKind): boolean {
  return (from === to && MOVES[from].length > 0) || MOVES[from].includes(to);
}
