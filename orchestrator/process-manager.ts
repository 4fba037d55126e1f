/**
 * The port to what runs the apps. PM2 is one such process manager (pm2/adapter.ts); another one has
 * to keep these promises:
 *
 * 1. Everything that can happen is an outcome, and every call ends in bounded time.
 * 2. An order is carried out on the very app that it names: one that was made anew under the same
 *    name is `changed`, one that is gone is `gone`.
 * 3. Each order can be repeated: after a `timeout` it is looked first, and then ordered again.
 * 4. A canary is never restarted by itself, and has ROLLOUT_KEY with its rollout's mark in its
 *    environment (`canarySpec` of pm2/clone.ts puts it there).
 */
import type { CanaryRequest } from './pm2/clone.js';
import type { DumpResult } from './pm2/dump.js';
import type { AppSpec } from './pm2/spec.js';

export type Failure =
  /** No daemon, or it went away before it answered. */
  | { readonly kind: 'down'; readonly reason: string }
  /** The daemon hangs. */
  | { readonly kind: 'timeout'; readonly reason: string }
  /** It will not be done. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** It was done, but not with the result it should have. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** There is no such app. */
  | { readonly kind: 'gone'; readonly reason: string }
  /** Another app has the name now: the daemon was restarted, or somebody made the app anew. */
  | { readonly kind: 'changed'; readonly reason: string };

export type Outcome<T> = { readonly kind: 'ok'; readonly value: T } | Failure;

/** What runs the apps itself. */
export interface Daemon {
  /** Null when it is not known. */
  readonly pid: number | null;
  /** Unix milliseconds. Another value is another daemon, in which pm_ids and unique ids are new. */
  readonly startedAtMs: number;
  readonly version: string;
}

/** The way back to one app: its name may be used again, and pm_ids are after a daemon's restart. */
export interface AppIdentity {
  readonly name: string;
  readonly pmId: number;
  readonly uniqueId: string;
}

/** An app as it is listed. */
export interface App extends AppIdentity {
  readonly namespace: string;
  /** Of the process that was started (the wrapper, if there is one). Null: there is none. */
  readonly pid: number | null;
  /** In PM2's words: online, launching, stopping, stopped, errored, waiting restart. */
  readonly status: string;
  /** Counts the restarts, commanded ones too. */
  readonly restarts: number;
  /** When the process was started last, Unix milliseconds. */
  readonly startedAtMs: number;
  /**
   * When it was last ordered to start, Unix milliseconds; a restart after a crash leaves it as it is.
   * Null when it was given up.
   */
  readonly orderedAtMs: number | null;
  /** It is restarted by cron or by a watch on files. */
  readonly restartsByItself: boolean;
  readonly hasCron: boolean;
  readonly hasWatch: boolean;
  readonly execMode: 'fork' | 'cluster';
  /** The manager's own memory limit, null without one. */
  readonly memoryLimitBytes: number | null;
  readonly outLogPath: string;
  readonly errLogPath: string;
  /** Of the last process that ended; null when it is not known. */
  readonly exitCode: number | null;
  /** Whom it runs as, a name or a number; null: as the manager does. */
  readonly user: string | null;
  /** The PATH that a bare interpreter is looked up in; empty when it is not known. */
  readonly searchPath: string;
  /** The mark of the rollout that made this app, null for every app that is no canary. */
  readonly rollout: string | null;
  /** What it runs. Secret: it holds the environment. */
  readonly spec: AppSpec;
}

export interface ProcessManager {
  daemon(): Promise<Outcome<Daemon>>;
  list(): Promise<Outcome<readonly App[]>>;
  /** The one app of this name; `gone` without one, `refused` when there are several. */
  find(name: string): Promise<Outcome<App>>;
  /**
   * Starts an app like main, with the release, the port and the name of the request. One that the
   * same rollout has started before is given back as it is; a name that anybody else uses is refused.
   */
  startCanary(main: AppIdentity, request: CanaryRequest): Promise<Outcome<App>>;
  /** Gives an app another spec and restarts it: same identity, history and log paths. */
  respec(app: AppIdentity, to: AppSpec): Promise<Outcome<App>>;
  /** Stops and deletes an app. One that is gone already is `ok`. */
  remove(app: AppIdentity): Promise<Outcome<null>>;
  /** Brings what is started after a reboot up to date: main's present spec, and no canary. */
  refreshDump(app: AppIdentity, canaryNames: readonly string[]): Promise<Outcome<DumpResult>>;
}
