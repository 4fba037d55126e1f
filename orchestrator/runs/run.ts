/** A run: one or several services that are upgraded together, and where each of them stands. */
import type { OnRollback } from '../../config/groups.js';
import type { StartRequest } from '../control/messages.js';

/** How a service's part in a run ended. */
export type Result =
  /** Main runs the new release. */
  | 'promoted'
  /** The canary was taken back. */
  | 'rolled-back'
  /** Main runs that release already. */
  | 'unchanged'
  /** It could not be started. */
  | 'refused'
  /** The run ended before its turn came. */
  | 'not-started';

export type MemberState =
  | { readonly kind: 'pending' }
  /** Stored before the rollout is made, with the id that it will have. */
  | { readonly kind: 'starting'; readonly rolloutId: string }
  | {
      readonly kind: 'under-way';
      readonly rolloutId: string;
      /** It was told that the window ended. */
      readonly told: boolean;
    }
  | {
      readonly kind: 'ended';
      readonly rolloutId: string | null;
      readonly result: Result;
      readonly reason: string;
      /** Null without a rollout. */
      readonly tookMs: number | null;
      /** Calls that the canary answered; null without a rollout. */
      readonly calls: number | null;
    };

export interface Member {
  readonly service: string;
  /** May hold secrets, so it is never shown. */
  readonly request: StartRequest;
  readonly state: MemberState;
}

/** When a run has to be over, and what is done with a canary that is not. */
export interface RunWindow {
  readonly endsAtMs: number;
  readonly then: 'finish' | 'pause' | 'rollback';
}

/** What is asked for. */
export interface RunOrder {
  /** What it is called to people: `group nightly`, `schedule nightly`. */
  readonly title: string;
  readonly members: readonly Pick<Member, 'service' | 'request'>[];
  /** So many at a time; 1 is one after the other. */
  readonly parallel: number;
  readonly onRollback: OnRollback;
  /** Services whose main already has the release's spec are left alone. */
  readonly onlyIfChanged: boolean;
  /** Null: it may take as long as it takes. */
  readonly window: RunWindow | null;
}

export interface Run extends Omit<RunOrder, 'members'> {
  readonly id: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  /** Why no further service is begun, if a person said so. */
  readonly cancelled: string | null;
  readonly members: readonly Member[];
}

/** The run with another state of one of its members. */
export function withState(run: Run, service: string, state: MemberState): Run {
  return {
    ...run,
    members: run.members.map((member) =>
      member.service === service ? { ...member, state } : member,
    ),
  };
}

/** A member that ends without a rollout. */
export function endedWithout(result: Result, reason: string): MemberState {
  return { kind: 'ended', rolloutId: null, result, reason, tookMs: null, calls: null };
}
