/** What a decision can be: wait, act, or move to another phase. */
import type { Route } from '../../common/protocol.js';
import type { Instance } from '../proc/instance.js';
import type { Phase } from './phase.js';
import type { Witness } from './witness.js';

/** Something done to the world. Each can be repeated without harm. */
export type Action =
  | { readonly kind: 'set-route'; readonly route: Route }
  /** Begins to make the release. What becomes of it is seen by later looks. */
  | { readonly kind: 'prepare' }
  /** Ends the making of the release, with all its processes. */
  | { readonly kind: 'stop-preparing' }
  /** Makes the canary, or the fresh instance of the old release that it is compared with. */
  | { readonly kind: 'start'; readonly track: 'canary' | 'baseline' }
  /** Begins the smoke test and the contract check, to be over by then. */
  | { readonly kind: 'smoke'; readonly deadlineMs: number }
  | {
      readonly kind: 'respec-main';
      readonly release: 'old' | 'new';
      /** What keeps main's port, and is ended before. */
      readonly orphan?: Instance;
    }
  /** Removes the canary, whatever is left of it, and brings PM2's saved dump up to date. */
  | { readonly kind: 'tidy-up' };

/** What became of an action. A failed one is tried again by the next look, until a deadline. */
export type ActionOutcome =
  | {
      readonly done: true;
      /** What a person should see to. */
      readonly warnings?: readonly string[];
    }
  | { readonly done: false; readonly reason: string };

export interface Move {
  readonly kind: 'move';
  readonly to: Phase;
  readonly reason: string;
  /** The move answers the person's request, which is thereby used up. */
  readonly answersRequest: boolean;
  /** What was seen with it, where the move answers drift. */
  readonly witness?: Witness | null;
}

export type Decision =
  | { readonly kind: 'wait'; readonly reason: string }
  | {
      readonly kind: 'act';
      readonly action: Action;
      /** Made when the action is done. Without it, the next look shows what the action did. */
      readonly then: Move | null;
    }
  | Move;

export const wait = (reason: string): Decision => ({ kind: 'wait', reason });

export const act = (action: Action, then: Move | null = null): Decision => ({
  kind: 'act',
  action,
  then,
});

export const move = (to: Phase, reason: string): Move => ({
  kind: 'move',
  to,
  reason,
  answersRequest: false,
});

export const answer = (to: Phase, reason: string): Move => ({
  kind: 'move',
  to,
  reason,
  answersRequest: true,
});
