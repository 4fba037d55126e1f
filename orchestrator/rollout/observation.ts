/** What one look at the world shows: everything that a decision may depend on, beside the rollout and the time. */
import type { Instance } from '../proc/instance.js';
import type { ServiceState } from '../../common/protocol.js';
import type { Assessment } from '../judge/types.js';
import type { DaemonDeeds } from '../monitor/daemon-log.js';
import type { AppSpec } from '../pm2/spec.js';
import type { PreparationState } from '../release/record.js';
import type { SmokeProgress } from '../smoke/runner.js';
import type { ServerInfo } from './rollout.js';

/** Whether an instance serves what it should; the reason names the first thing that is missing. */
export type Readiness =
  | { readonly ready: true; readonly server: ServerInfo | null }
  | {
      readonly ready: false;
      readonly reason: string;
      /** Of main: PM2 has started this process for it, lost sight of it, and it keeps main's port. */
      readonly orphan?: Instance;
    };

/** How PM2 holds an app: what tells another hand's deeds (drift.ts). The spec is never shown. */
export interface AppFacts {
  readonly pmId: number;
  readonly uniqueId: string;
  /** When PM2 was last told to start it, Unix milliseconds. */
  readonly orderedAtMs: number | null;
  /** It has a `cron_restart` or `watch`. */
  readonly restartsByItself: boolean;
  readonly spec: AppSpec;
}

/** A PM2 app as far as a rollout cares. */
export interface InstanceView {
  /** PM2's word; it proves nothing by itself. */
  readonly status: string;
  /** The process that is really there. */
  readonly life: Instance | null;
  readonly restarts: number;
  readonly exitCode: number | null;
  /** When PM2 started the process, Unix milliseconds. */
  readonly startedAtMs: number;
  readonly app: AppFacts;
  /** PM2 holds the spec that the app should have in this phase. */
  readonly atSpec: boolean;
  /** Looked at only in the phases that wait for it. */
  readonly readiness: Readiness | null;
}

/** PM2 is just stopping or starting the app: what comes of it shows in a moment. */
export function isInBetween({ status, life }: Pick<InstanceView, 'status' | 'life'>): boolean {
  return life === null && (status === 'stopping' || status === 'launching');
}

/**
 * PM2 was told to stop or restart the app, and its process is still ending. What PM2 says of the app
 * is already of the next one (God.restartProcessId of PM2): what comes of it shows in a moment.
 */
export function isEnding({ status, life }: Pick<InstanceView, 'status' | 'life'>): boolean {
  return life !== null && status === 'stopping';
}

export type DaemonView =
  | {
      readonly kind: 'up';
      /** Another value is another daemon. */
      readonly startedAtMs: number;
      /** Apps of main's name. */
      readonly mainCount: number;
      /** Apps that the rollout has made of the canary's name. */
      readonly canaryCount: number;
      readonly main: InstanceView | null;
      readonly canary: InstanceView | null;
      /** Null without one, wanted or not. */
      readonly baseline: InstanceView | null;
    }
  | { readonly kind: 'down'; readonly reason: string };

export type ProxyView =
  | { readonly kind: 'up'; readonly service: ServiceState }
  | { readonly kind: 'down'; readonly reason: string };

export interface Observation {
  readonly daemon: DaemonView;
  readonly proxy: ProxyView;
  /** How far the release's preparation is; null: this orchestrator has not begun it. */
  readonly preparation: PreparationState | null;
  /** Null in phases that are not judged. */
  readonly assessment: Assessment | null;
  /** How far the smoke test has come; null when none has begun. */
  readonly smoke: SmokeProgress | null;
  /** Why the last action did not succeed; null when it did, or none was taken. */
  readonly failure: string | null;
  readonly deeds: DaemonDeeds;
}
