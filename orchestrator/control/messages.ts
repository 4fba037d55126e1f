/**
 * What the CLI and the orchestrator say to each other on the control socket, as JSON over HTTP.
 * Nothing here holds an environment's values.
 *
 *   GET  /v1/status                          → StatusReply
 *   GET  /v1/services/NAME                   → ServiceView
 *   POST /v1/services/NAME/start             StartRequest → StartReply (201), PlanReply (200, dry run)
 *   POST /v1/services/NAME/{promote,rollback,pause,resume}  SteerRequest → RolloutView
 *   GET  /v1/history?service=NAME&limit=N    → HistoryReply
 *   GET  /v1/rollouts/ID                     → RolloutView, with what the release's commands printed
 *   POST /v1/notify/test?name=NAME           → NotifyTestReply
 *   GET  /v1/rollouts/ID/evidence?after=N&limit=N  → EvidencePage
 *   GET  /v1/rollouts/ID/plan                → FrozenPlan
 *   GET  /v1/services/NAME/logs              → LogFilesReply
 */
import { z } from 'zod';
import type { Build } from '../../common/protocol.js';
import type { ContractPolicy, OnDeadline, Step } from '../../config/types.js';
import { RELEASE_VALUE_PATTERN, VALUE_NAME_PATTERN } from '../../config/units.js';
import type { Assessment, EvidenceEvent } from '../judge/types.js';
import type { SampleResult } from '../notify/notifications.js';
import type { SpecDifference } from '../pm2/spec.js';
import type { PreparationRecord } from '../release/record.js';
import type { Release } from '../release/release.js';
import type { Transition } from '../store/store.js';
import type { PhaseKind, HeldWhy } from '../rollout/phase.js';
import type { RequestKind } from '../rollout/rollout.js';
import type { SmokeResult } from '../smoke/report.js';
import type { Course } from './course.js';

/** The most rollouts that a list has. */
export const MAX_HISTORY = 500;

const releaseValue = z.string().regex(new RegExp(RELEASE_VALUE_PATTERN));

const stepSchema = z.strictObject({
  weight: z.number().gt(0).max(1),
  windowMs: z.number().positive(),
  gate: z.enum(['auto', 'manual']).default('auto'),
});

export const startRequestSchema = z.strictObject({
  release: z.strictObject({
    script: z.string().min(1).optional(),
    cwd: z.string().min(1).optional(),
    interpreter: z.string().min(1).optional(),
    interpreterArgs: z.array(z.string()).optional(),
    args: z.array(z.string()).optional(),
    env: z.record(z.string(), z.string().nullable()).optional(),
  }),
  /** Replaces the configured steps. */
  steps: z.array(stepSchema).min(1).optional(),
  /** Replaces the weight of a one-step rollout. */
  weight: z.number().gt(0).max(1).optional(),
  /** Replaces the window of a one-step rollout, milliseconds. */
  windowMs: z.number().positive().optional(),
  /** What the release is made of, see `release` in canary.yaml. */
  version: releaseValue.optional(),
  set: z.record(z.string().regex(new RegExp(VALUE_NAME_PATTERN)), releaseValue).optional(),
  /** Leaves out the calls of the smoke test. */
  skipSmoke: z.boolean().optional(),
  /** Lets a canary go on whose contract breaks main's. */
  allowBreaking: z.boolean().optional(),
  dryRun: z.boolean(),
});
export type StartRequest = z.infer<typeof startRequestSchema>;

export const steerRequestSchema = z.strictObject({ reason: z.string().max(1_000).nullable() });
export type SteerRequest = z.infer<typeof steerRequestSchema>;

/** A release that is made for a rollout; its commands with their values in place. */
export interface ReleasePlanView extends Release {
  readonly commands: readonly string[];
  /** How packages are compared; null: they are not. What changes is known once it is made. */
  readonly dependencies: 'pip' | 'npm' | 'run' | null;
  readonly pins: 'warn' | 'refuse' | null;
}

/** A release that a rollout makes, or has made. */
export interface ReleaseView extends Release {
  /** The folder has been removed since. */
  readonly removed: boolean;
  /** Null before it begins. */
  readonly preparation: PreparationRecord | null;
}

/** What a start would do, or does. */
export interface PlanView {
  readonly service: string;
  readonly app: string;
  readonly canaryApp: string;
  readonly canaryPort: number;
  /** The fresh instance of the old release that is made too; null when main is compared with. */
  readonly baselineApp: string | null;
  readonly steps: readonly Step[];
  readonly promote: 'auto' | 'manual';
  /** How long a person may take at a gate or before the promotion; null: no end. */
  readonly promoteByMs: number | null;
  readonly onDeadline: OnDeadline;
  readonly bakeMs: number;
  /** What the canary must pass before it gets traffic. */
  readonly smoke: { readonly suite: string; readonly calls: number } | null;
  readonly contract: ContractPolicy['breaking'] | null;
  /** What the canary has other than main, and what main gets by the promotion; secrets masked. */
  readonly canaryDiffers: readonly SpecDifference[];
  readonly mainChanges: readonly SpecDifference[];
  /** Null: the release is there already. */
  readonly release: ReleasePlanView | null;
  /** Main runs it already: the same spec, or a release that was made of the same values. */
  readonly unchanged: boolean;
  readonly warnings: readonly string[];
}

/** One instance as it is now. */
export interface TrackView {
  readonly pid: number | null;
  readonly status: string | null;
  readonly restarts: number | null;
  readonly rssBytes: number | null;
  readonly weight: number;
  readonly sessions: number;
  readonly inFlight: number;
  readonly streams: number;
  readonly calls: number;
  readonly errors: number;
  /** Those of the calls whose client an override placed there; they are not compared. */
  readonly placedCalls: number;
}

export interface RolloutView {
  readonly id: string;
  readonly service: string;
  /** Who or what began it. */
  readonly startedBy: string;
  readonly phase: PhaseKind;
  /** Stage of promoting and rolling-back. */
  readonly stage: string | null;
  readonly held: HeldWhy | null;
  /** The step under way, counted from 1. */
  readonly step: number | null;
  readonly steps: number;
  readonly course: Course;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  /** When the phase ends by itself. */
  readonly phaseEndsAtMs: number | null;
  /** Why it is where it is. */
  readonly reason: string;
  /** What it waits for. */
  readonly waitingFor: string | null;
  readonly request: RequestKind | null;
  readonly assessment: Assessment | null;
  /** What the smoke test and the contract check found; null before they are over. */
  readonly smoke: SmokeResult | null;
  /** Null when nothing was looked at (an ended rollout). */
  readonly tracks: {
    readonly stable: TrackView;
    readonly canary: TrackView;
    /** Null without a baseline. */
    readonly baseline: TrackView | null;
  } | null;
  readonly transitions: readonly Transition[];
  /** What a person should see to after the end. */
  readonly warnings: readonly string[];
  /** Null: it was there already. Lists of rollouts leave out what the commands printed. */
  readonly release: ReleaseView | null;
}

export interface ServiceView {
  readonly service: string;
  readonly app: string;
  readonly listen: string;
  /** The rollout under way, else the last one. */
  readonly rollout: RolloutView | null;
}

export interface StatusReply {
  /** Missing from versions that did not tell. */
  readonly build?: Build;
  readonly services: readonly ServiceView[];
  readonly pm2: { readonly up: boolean; readonly reason: string | null };
  readonly proxy: { readonly up: boolean; readonly reason: string | null };
}

export interface PlanReply {
  readonly plan: PlanView;
}

export interface StartReply {
  readonly plan: PlanView;
  readonly rollout: RolloutView;
}

export interface HistoryReply {
  readonly rollouts: readonly RolloutView[];
}

export interface NotifyTestReply {
  readonly results: readonly SampleResult[];
}

/** Evidence in the order in which it was seen; the first page begins with the rollout's own event. */
export interface EvidencePage {
  readonly events: readonly EvidenceEvent[];
  /** Pass as `after` for the next page; null at the end. */
  readonly nextAfter: number | null;
}

export interface ErrorReply {
  readonly error: {
    /** `usage`: the request itself is at fault; `refused`: not now; `internal`: a bug. */
    readonly code: string;
    readonly message: string;
  };
}
