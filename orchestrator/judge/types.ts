/**
 * What the judge reads and what it says. The events are at the same time the lines of an exported
 * rollout (JSON Lines), so that a replay and a live judgement are one path.
 */
import type { Outcome, Track } from '../../common/protocol.js';

export interface RolloutEvent {
  readonly type: 'rollout';
  readonly service: string;
  readonly startedAtMs: number;
  readonly windowMs: number;
  /** Share of new sessions on the canary at the start, 0 to 1. */
  readonly weight: number;
  /** Null or absent: no absolute limit but the policy's. */
  readonly rssLimitBytes?: number | null;
  /** What the canary is compared with: main (`stable`, the default) or a fresh instance of the old release. */
  readonly reference?: 'stable' | 'baseline';
}

/** The split changed (a step). */
export interface WeightEvent {
  readonly type: 'weight';
  readonly atMs: number;
  readonly weight: number;
}

/** A call that ended. */
export interface CallEvent {
  readonly type: 'call';
  readonly atMs: number;
  readonly track: Track;
  readonly session: string;
  readonly tool: string;
  readonly outcome: Outcome;
  readonly latencyMs: number;
  /** An override placed the client on the track: it is no sample of all clients, and is not compared. */
  readonly placed?: boolean;
}

/** A look at one track's process tree. */
export interface ProcessEvent {
  readonly type: 'process';
  readonly atMs: number;
  readonly track: Track;
  /** Of the whole tree, in bytes. */
  readonly rssBytes: number;
  readonly restarts: number;
  readonly uptimeMs: number;
  /** Sessions ever opened and calls ever finished on the track since the rollout began. */
  readonly sessionsOpened: number;
  readonly calls: number;
}

/** A process ended, and this program had not told it to. */
export interface ExitEvent {
  readonly type: 'exit';
  readonly atMs: number;
  readonly track: Track;
  /** PM2 gives 0 for a death by signal: 0 proves nothing. Null when unknown. */
  readonly code: number | null;
  /** What is known beyond the code: `max_memory_restart`, or `ordered` by another hand. */
  readonly cause?: string;
}

/** Error lines seen in a track's logs since the last such event. */
export interface LogEvent {
  readonly type: 'log';
  readonly atMs: number;
  readonly track: Track;
  readonly errorLines: number;
}

/** A check of the operator's own was made, or tried. */
export interface CheckEvent {
  readonly type: 'check';
  readonly atMs: number;
  readonly name: string;
  /** Within its limits. Null: it could not be measured. */
  readonly ok: boolean | null;
  /** The number of a query, the status of a request, the exit code of a command. */
  readonly value: number | null;
  /** Why it could not be measured. */
  readonly error: string | null;
}

export type EvidenceEvent =
  RolloutEvent | WeightEvent | CallEvent | ProcessEvent | ExitEvent | LogEvent | CheckEvent;

/** `error` means that the check itself could not be made; it is never a pass. */
export const CHECK_STATES = ['pass', 'fail', 'inconclusive', 'error'] as const;
export type CheckState = (typeof CHECK_STATES)[number];

export const VERDICTS = ['pass', 'fail', 'inconclusive'] as const;

export interface CheckResult {
  /** errors, latency, memory, crashes, logs, custom:NAME. */
  readonly check: string;
  readonly state: CheckState;
  /** One sentence with the numbers that made it so. */
  readonly reason: string;
  readonly numbers: Readonly<Record<string, number>>;
  /** With `fail`: the time of the event that made it certain. It stays, whatever comes after. */
  readonly failedAtMs?: number;
}

export interface Assessment {
  /** fail if any check fails, else inconclusive if any is that or in error, else pass. */
  readonly verdict: (typeof VERDICTS)[number];
  /** The check that decided, null when all pass. */
  readonly check: string | null;
  readonly reason: string;
  readonly checks: readonly CheckResult[];
}

/**
 * Takes evidence in order of time; gives the same answer however the events were batched and however
 * often it was asked.
 *
 * `pass` means that nothing speaks against the canary and that there is the minimum of evidence.
 * With `policy.early`, before the window's end, it means more: that what is not yet known is too
 * small to matter. A `fail` is final from the event that made it certain.
 */
export interface Judge {
  add(event: EvidenceEvent): void;
  assess(nowMs: number): Assessment;
}
