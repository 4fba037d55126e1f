/**
 * The resolved configuration: complete, frozen, in base units (ms, bytes, ratios), every default
 * filled in. Nothing after the loader asks "and if it is missing?".
 */
import type { GroupConfig } from './groups.js';
import type { NotifyConfig } from './notify.js';
import type { OrchestratorConfig, ProxyConfig } from './processes.js';
import type { ReleaseConfig } from './release.js';
import type { ScheduleConfig } from './schedules.js';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** How an app learns its port: an environment variable (`env:PORT`) or an argument (`arg:--port`). */
export type PortFrom =
  { readonly kind: 'env'; readonly name: string } | { readonly kind: 'arg'; readonly flag: string };

/** How an instance shows that it serves: an MCP handshake over Streamable HTTP or over legacy HTTP+SSE, an HTTP answer below 400, or an open port. */
export type Probe =
  | { readonly kind: 'mcp'; readonly path: string }
  | { readonly kind: 'sse'; readonly path: string }
  | { readonly kind: 'http'; readonly path: string }
  | { readonly kind: 'tcp' };

/** Where and how an instance speaks MCP. */
export type McpEndpoint = Extract<Probe, { kind: 'mcp' | 'sse' }>;

/** The calls that a started canary must answer rightly before it gets any traffic. */
export interface SmokeTest {
  /** The suite file's absolute path. */
  readonly suite: string;
  /** For the whole test, the contract check included. */
  readonly timeoutMs: number;
}

/** What is done when the canary's tools, prompts and resources break what main's promise. */
export interface ContractPolicy {
  readonly breaking: 'refuse' | 'allow';
  /** What breaking differences may be about, such as `tool search`; `*` stands for any text. */
  readonly allow: readonly string[];
}

/** One share of the new sessions, held for a time. */
export interface Step {
  /** Ratio, above 0 and up to 1. */
  readonly weight: number;
  readonly windowMs: number;
  /** `manual`: after the window a person lets it go on to the next step. */
  readonly gate: 'auto' | 'manual';
}

/** What is done when the time for a person at a gate or before the promotion is over. */
export type OnDeadline = 'rollback' | 'promote' | 'hold';

/** A client by the name in its `clientInfo`, or by the address that it connects from. */
export type ClientMatch =
  | { readonly kind: 'client'; readonly name: string }
  | { readonly kind: 'address'; readonly address: string; readonly bits: number };

/** Who gets the canary always or never, whatever the split says. */
export interface Overrides {
  /** In lower case; null: no header is looked at. */
  readonly header: string | null;
  readonly always: readonly ClientMatch[];
  readonly never: readonly ClientMatch[];
}

/** What is done when another hand changes main or the canary with pm2 in mid-rollout. */
export type OnDrift = 'pause' | 'rollback' | 'ignore';

/** What is done when the window ends and the evidence says neither pass nor fail. */
export type OnInconclusive = 'hold' | 'extend' | 'rollback' | 'promote';

/** When a call may be sent a second time after bytes of it went out (a failed connect always may). */
export type ReplayPolicy = 'never' | 'safe' | 'always';

export interface ErrorLimits {
  /** The canary's error ratio that is too much whatever stable does. */
  readonly maxRatio: number;
  /** Worse means: more than this many times stable's ratio ... */
  readonly timesStable: number;
  /** ... and above it by more than this ratio (0.005 is half a percentage point). */
  readonly overStable: number;
}

export interface LatencyLimits {
  /** Worse means: the share of calls slower than stable's p95 is more than this many times 5 %. */
  readonly timesStable: number;
  /** A fresh process answers slowly at first: nothing is compared before this time has passed. */
  readonly warmUpMs: number;
}

export interface MemoryLimits {
  /** The process tree's RSS that is too much. Null: PM2's max_memory_restart, else no limit. */
  readonly maxRssBytes: number | null;
  /** The projection may not reach the limit within this time. */
  readonly horizonMs: number;
  /** Worse means: more than this many times stable's RSS (the simple comparison). */
  readonly timesStable: number;
  /** No comparison of RSS before an instance is this old. */
  readonly warmUpMs: number;
}

export interface LogLimits {
  /** Regular expressions that mark an error line; empty switches the check off. */
  readonly errorPatterns: readonly string[];
  /** Worse means: more than this many times stable's rate per call. */
  readonly timesStable: number;
}

/** How a check of the operator's own is measured. */
export type CheckSource =
  /** An instant query (Prometheus HTTP API, `/api/v1/query`) that gives one number. */
  | { readonly kind: 'promql'; readonly query: string; readonly prometheus: string }
  /** A GET that is good with a status below 400. */
  | { readonly kind: 'http'; readonly url: string }
  /** A line for `sh -c` that is good with exit code 0. */
  | { readonly kind: 'command'; readonly line: string };

/** A check of the operator's own, made at its interval as long as the canary is observed. */
export interface CustomCheck {
  readonly name: string;
  readonly source: CheckSource;
  /** Inclusive limits of the number that a query gives; null is no limit. */
  readonly min: number | null;
  readonly max: number | null;
  readonly everyMs: number;
  readonly timeoutMs: number;
  /** So many measurements in a row out of the limits fail the canary. */
  readonly failures: number;
}

/** The least evidence on the canary without which nothing passes. */
export interface MinimumEvidence {
  readonly calls: number;
  readonly sessions: number;
}

/** Everything the judge is allowed to know about the operator's wishes. */
export interface JudgePolicy {
  readonly errors: ErrorLimits;
  readonly latency: LatencyLimits;
  readonly memory: MemoryLimits;
  readonly logs: LogLimits;
  readonly minimum: MinimumEvidence;
  /** Chance of a false alarm that the whole judgement may take, e.g. 0.01. */
  readonly alpha: number;
  /** Pass as soon as the evidence allows, before the window ends. */
  readonly early: boolean;
}

export interface DrainTimes {
  /** How long calls in flight may finish on a track that is being emptied. */
  readonly callsMs: number;
  /** How long streams and sessions may take to move off it. */
  readonly sessionsMs: number;
}

/** The PM2 app that is made for the baseline, and where it listens. */
export interface BaselineApp {
  readonly app: string;
  readonly at: HostPort;
}

export interface ServiceConfig {
  readonly name: string;
  /** The PM2 app that is main. */
  readonly app: string;
  /** The PM2 app that is made for the canary. */
  readonly canaryApp: string;
  /** The ecosystem file that main was started from, absolute; null: it is looked for. */
  readonly ecosystem: string | null;
  /** Where agents connect. */
  readonly listen: HostPort;
  /** Where main listens. */
  readonly stable: HostPort;
  /** Where the canary listens. */
  readonly canary: HostPort;
  /** A fresh instance of the old release that the canary is compared with; null: main is it. */
  readonly baseline: BaselineApp | null;
  readonly portFrom: PortFrom;
  /** Streamable HTTP endpoint paths. Other paths pass through as plain HTTP. */
  readonly mcpPaths: readonly string[];
  /** Legacy HTTP+SSE endpoint paths (2024-11-05). */
  readonly ssePaths: readonly string[];
  readonly probe: Probe;
  /** Null: no suite. */
  readonly smoke: SmokeTest | null;
  /** Null: the contract is not checked. */
  readonly contract: ContractPolicy | null;
  /** At least one. `weight` and `window` in the file are the one-step form of it. */
  readonly steps: readonly Step[];
  readonly promote: 'auto' | 'manual';
  /** How long a gate, or a canary that passed, waits for a person; null: for ever. */
  readonly promoteByMs: number | null;
  readonly onDeadline: OnDeadline;
  readonly drift: OnDrift;
  readonly overrides: Overrides;
  readonly onInconclusive: OnInconclusive;
  /** With `onInconclusive: extend`: the longest that a step's window grows to, before it is held. */
  readonly maxWindowMs: number;
  readonly bakeMs: number;
  /** How long an instance may take from its start to its first good probe. */
  readonly readyMs: number;
  readonly drain: DrainTimes;
  readonly judge: JudgePolicy;
  /** Names are unique. */
  readonly checks: readonly CustomCheck[];
  /** How a release is made before its canary starts; null: it is made elsewhere. */
  readonly release: ReleaseConfig | null;
  /** How often processes are sampled and the evidence is judged. */
  readonly intervalMs: number;
  readonly replay: ReplayPolicy;
  /** Sessions idle for longer are ended, upstream too. */
  readonly sessionIdleMs: number;
  readonly maxSessions: number;
  /** A call without an answer for longer is ended with an error. */
  readonly callTimeoutMs: number;
  /** A request whose body takes longer is refused. */
  readonly bodyTimeoutMs: number;
  /** The most calls that wait for an instance which cannot be reached. */
  readonly maxWaiting: number;
  /** How long each of them waits, over all its tries. */
  readonly patienceMs: number;
  /** Environment of the canary only (e.g. SCHEDULER=off). */
  readonly canaryEnv: Readonly<Record<string, string>>;
}

export interface CanaryConfig {
  /** The file that it was read from. */
  readonly file: string;
  /** Changes with the file's text: two processes with the same one were given the same file. */
  readonly digest: string;
  readonly services: Readonly<Record<string, ServiceConfig>>;
  readonly groups: readonly GroupConfig[];
  readonly schedules: readonly ScheduleConfig[];
  readonly orchestrator: OrchestratorConfig;
  readonly proxy: ProxyConfig;
  /** Who is told of what happens to rollouts. Names are unique. */
  readonly notify: readonly NotifyConfig[];
  /** PM2_HOME of the daemon that is steered. */
  readonly pm2Home: string;
}
