/**
 * What the CLI and the orchestrator say to each other of runs and schedules (see messages.ts).
 *
 *   GET  /v1/groups                      → GroupsReply
 *   POST /v1/runs                        RunRequest → RunView (201)
 *   GET  /v1/runs?limit=N                → RunsReply
 *   GET  /v1/runs/ID                     → RunView
 *   POST /v1/runs/ID/cancel              SteerRequest → RunView
 *   GET  /v1/schedules?count=N           → SchedulesReply
 *   POST /v1/schedules/NAME/run          ScheduleRunRequest → RunView (201)
 *   GET  /v1/schedule-history?schedule=NAME&limit=N  → ScheduleHistoryReply
 */
import { z } from 'zod';
import type { GroupConfig } from '../../config/groups.js';
import type { PhaseKind } from '../rollout/phase.js';
import type { Result } from '../runs/run.js';
import type { SlotEntry } from '../store/schedule-store.js';
import { startRequestSchema } from './messages.js';

/** The most services of a run. */
export const MAX_MEMBERS = 100;
/** The most runs, or entries of a schedule, that a list has. */
export const MAX_LISTED = 200;
/** The most coming times of a schedule that are told. */
export const MAX_UPCOMING = 50;

/** Either a group or services; each of them has its request. */
export const runRequestSchema = z.strictObject({
  group: z.string().nullable(),
  services: z.array(z.string()).max(MAX_MEMBERS),
  requests: z.record(z.string(), startRequestSchema),
  /** Null: as the group is configured, else one at a time. */
  parallel: z.int().min(1).max(MAX_MEMBERS).nullable(),
  /** Null: as the group is configured, else stop. */
  onRollback: z.enum(['stop', 'continue']).nullable(),
});
export type RunRequest = z.infer<typeof runRequestSchema>;

export const scheduleRunRequestSchema = z.strictObject({
  /** Whatever freeze there is. */
  force: z.boolean(),
});
export type ScheduleRunRequest = z.infer<typeof scheduleRunRequestSchema>;

export interface GroupsReply {
  readonly groups: readonly GroupConfig[];
}

/** A service's part in a run. */
export interface MemberView {
  readonly service: string;
  /** Null as long as there is none. */
  readonly rollout: string | null;
  /** The phase of its rollout while that is under way. */
  readonly state: 'pending' | 'starting' | PhaseKind | Result;
  readonly reason: string | null;
  readonly tookMs: number | null;
  /** Calls that the canary answered; null until it ended. */
  readonly calls: number | null;
}

export interface RunView {
  readonly id: string;
  readonly title: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly windowEndsAtMs: number | null;
  /** Nothing in it goes on before a person's order. Missing from versions that did not tell. */
  readonly waitsForPerson?: boolean;
  readonly members: readonly MemberView[];
}

export interface RunsReply {
  readonly runs: readonly RunView[];
}

/** A coming time of a schedule. */
export interface UpcomingView {
  /** Cron's time. */
  readonly slotMs: number;
  /** When the run begins: cron's time and the jitter. */
  readonly atMs: number;
  /** Why it will not begin; such an entry stands for all until the calendar opens again. */
  readonly held: string | null;
}

export interface ScheduleView {
  readonly name: string;
  readonly target: string;
  readonly cron: string;
  readonly timeZone: string;
  readonly upcoming: readonly UpcomingView[];
  /** What became of its last time that was decided. */
  readonly last: SlotEntry | null;
  /** The run that it began last, with where it stands. */
  readonly run: RunView | null;
}

export interface SchedulesReply {
  readonly schedules: readonly ScheduleView[];
}

export interface ScheduleHistoryReply {
  readonly entries: readonly SlotEntry[];
}
