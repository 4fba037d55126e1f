/**
 * What the dashboard's page and its server say to each other. Reading is open on loopback, acting
 * and what the processes print need the token (guard.ts).
 *
 *   GET  /v1/live?rollout=ID       → events `overview`, `rollout`, `series` (text/event-stream)
 *   GET  /v1/history?service=NAME  → HistoryList
 *   GET  /v1/rollouts/ID           → OpenRollout, without what the release's commands printed
 *   GET  /v1/services/NAME/logs    → LogTails, with the token
 *   POST /v1/services/NAME/{start,promote,rollback,pause,resume}  as on the control socket
 */
import type { RolloutView, ServiceView, StatusReply } from '../control/messages.js';
import type { MemberView, RunView, ScheduleView, UpcomingView } from '../control/run-messages.js';
import type { LogSource } from '../control/log-files.js';
import type { Assessment } from '../judge/types.js';
import type { RequestKind } from '../rollout/rollout.js';
import type { SlotEntry } from '../store/schedule-store.js';

/** A rollout as the page shows it. */
export interface OpenRollout extends RolloutView {
  /** What can be asked of it now. */
  readonly can: readonly RequestKind[];
}

/** A rollout in a list, without all that is long: it is sent whenever a number in it changes. */
export type RolloutSummary = Omit<
  OpenRollout,
  'transitions' | 'release' | 'smoke' | 'assessment'
> & {
  readonly verdict: Assessment['verdict'] | null;
};

/** A service with the rollout under way, else its last one. */
export type ServiceSummary = Omit<ServiceView, 'rollout'> & {
  readonly rollout: RolloutSummary | null;
};

/** The event `overview`. */
export type Overview = Omit<StatusReply, 'services'> & {
  readonly services: readonly ServiceSummary[];
  /** The last ones, newest first. */
  readonly runs: readonly RunSummary[];
  readonly schedules: readonly ScheduleSummary[];
};

export interface RunSummary extends Pick<RunView, 'id' | 'title' | 'startedAtMs' | 'endedAtMs'> {
  /** Where each of its services stands. */
  readonly states: readonly MemberView['state'][];
}

export interface ScheduleSummary extends Pick<ScheduleView, 'name' | 'target'> {
  /** Null when there is no time to come. */
  readonly next: UpcomingView | null;
  /** What became of its last time, and whether a run began then. */
  readonly last:
    (Pick<SlotEntry, 'atMs' | 'outcome' | 'reason'> & { readonly began: boolean }) | null;
  /** The run that it began last. */
  readonly run: RunSummary | null;
}

export interface HistoryList {
  readonly rollouts: readonly RolloutSummary[];
}

/** The end of each log, a line shortened that is very long. */
export interface LogTails {
  readonly tails: readonly (Omit<LogSource, 'path'> & { readonly lines: readonly string[] })[];
}

/** What is drawn over time; `null` in a bucket in which it was not seen. */
export const SERIES_FIELDS = [
  'weightSet',
  'weightActual',
  'stableCalls',
  'canaryCalls',
  'baselineCalls',
  'stableErrors',
  'canaryErrors',
  'baselineErrors',
  'stableRssBytes',
  'canaryRssBytes',
  'baselineRssBytes',
  'stableSessions',
  'canarySessions',
  'baselineSessions',
  'errorsDifference',
  'errorsLow',
  'errorsHigh',
  'latencyDifference',
  'latencyLow',
  'latencyHigh',
] as const;
export type SeriesField = (typeof SERIES_FIELDS)[number];

export type Columns = Readonly<Record<SeriesField, readonly (number | null)[]>>;

/**
 * The event `series`: a rollout over time in buckets of equal length, or what is new of it. Calls
 * and errors are counts in the bucket, sessions those opened since the rollout began, RSS is the
 * highest; differences are ratios, canary's minus stable's, with the interval that the judge gives.
 */
export interface SeriesPatch {
  readonly rollout: string;
  readonly startedAtMs: number;
  /** When the whole window is over. */
  readonly windowEndsAtMs: number;
  readonly bucketMs: number;
  /** The number of the first bucket that `columns` has; what was there from it on is replaced. */
  readonly from: number;
  readonly columns: Columns;
}
