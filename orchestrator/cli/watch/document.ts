/** What a watch knows at one moment: the last answer, and whether the orchestrator is there. */
import type { RolloutView, ServiceView, StatusReply } from '../../control/messages.js';
import type { CheckResult } from '../../judge/types.js';

export interface WatchDocument {
  /** When it was asked for, Unix milliseconds. */
  readonly nowMs: number;
  /** The last answer; null before the first. */
  readonly status: StatusReply | null;
  /** The orchestrator does not answer, and since when; null while it does. */
  readonly away: { readonly sinceMs: number; readonly reason: string } | null;
  /** The one service that is shown; null: all. */
  readonly only: string | null;
}

/** The services that are shown. */
export function shownServices({ status, only }: WatchDocument): readonly ServiceView[] {
  const all = status?.services ?? [];
  return only === null ? all : all.filter(({ service }) => service === only);
}

/** A check of the last judgement by its name. */
export function checkOf({ assessment }: RolloutView, name: string): CheckResult | undefined {
  return assessment?.checks.find(({ check }) => check === name);
}
