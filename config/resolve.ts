/**
 * From what is written to what is meant: the levels laid over each other, in the order that
 * config/defaults.ts states.
 */
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { homeFrom } from '../common/home.js';
import { resolveContract, resolveSmoke } from './before-traffic.js';
import { resolveCheck } from './custom-check.js';
import { SERVICE_DEFAULTS } from './defaults.js';
import { resolveGroups } from './groups.js';
import { resolveOrchestrator, resolveProxy } from './processes.js';
import { resolveRelease } from './release.js';
import { resolveSchedules } from './schedules.js';
import { resolveNotifier } from './notify.js';
import { settingsSchema, type FileDraft, type ServiceSettings, type Settings } from './schema.js';
import type { CanaryConfig, HostPort, JudgePolicy, Probe, ServiceConfig, Step } from './types.js';
import type { WrittenProbe } from './units.js';

type Address = 'listen' | 'stable' | 'canary';

/** A service as far as it can be told: the addresses have no defaults and may be missing. */
export type ServiceDraft = Omit<ServiceConfig, Address> & {
  readonly [K in Address]?: HostPort | undefined;
};

export type ConfigDraft = Omit<CanaryConfig, 'services' | 'digest'> & {
  readonly services: readonly ServiceDraft[];
};

/** Every key present, in sections too. */
type Complete<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [K in keyof T]-?: Complete<Exclude<T[K], undefined>> }
    : T;

/** Settings of all levels together. These have no plain default. */
type Derived = 'steps' | 'maxWindow' | 'probe' | 'release' | 'smoke' | 'contract';
type Merged = Complete<Omit<Settings, Derived>> & Pick<Settings, Derived>;

/** Fills in everything. The file's path is absolute; `env` is asked for PM2_HOME, CANARY_HOME and HOME. */
export function resolveConfig(file: string, draft: FileDraft, env: NodeJS.ProcessEnv): ConfigDraft {
  const base = overlay(settingsSchema.parse(SERVICE_DEFAULTS) as Merged, draft.defaults ?? {});
  return {
    file,
    services: Object.entries(draft.services ?? {}).map(([name, own]) =>
      resolveService(name, overlay(base, own), withPaths(own, dirname(file)), {
        folder: dirname(file),
        env,
      }),
    ),
    groups: resolveGroups(draft.groups),
    schedules: resolveSchedules(draft.schedules, draft.groups),
    orchestrator: resolveOrchestrator(draft.orchestrator),
    proxy: resolveProxy(draft.proxy),
    notify: (draft.notify ?? []).map((written) => resolveNotifier(written, dirname(file))),
    pm2Home: pm2Home(draft.pm2Home, dirname(file), env),
  };
}

/** A service's own settings, with paths that are absolute. */
function withPaths(own: ServiceSettings, folder: string): ServiceSettings {
  return own.ecosystem === undefined ? own : { ...own, ecosystem: resolve(folder, own.ecosystem) };
}

/** A service for which nothing is written: what the defaults make of it. */
export function defaultService(): ServiceDraft {
  const ground = { folder: '/', env: {} };
  return resolveService('default', settingsSchema.parse(SERVICE_DEFAULTS) as Merged, {}, ground);
}

/** What relative and missing folders depend on. */
interface Ground {
  /** The file's. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

function resolveService(
  name: string,
  merged: Merged,
  own: ServiceSettings,
  ground: Ground,
): ServiceDraft {
  const app = own.app ?? name;
  const probe = resolveProbe(merged.probe, merged.mcpPaths);
  const steps = merged.steps ?? [
    { weight: merged.weight, windowMs: merged.window, gate: 'auto' as const },
  ];
  return {
    name,
    app,
    canaryApp: own.canaryApp ?? `${app}-canary`,
    ecosystem: own.ecosystem ?? null,
    listen: own.listen,
    stable: own.stable,
    canary: own.canary,
    baseline:
      merged.baseline === 'fresh' && own.baselineAt !== undefined
        ? { app: own.baselineApp ?? `${app}-baseline`, at: own.baselineAt }
        : null,
    portFrom: merged.portFrom,
    mcpPaths: merged.mcpPaths,
    ssePaths: merged.ssePaths,
    probe,
    smoke: resolveSmoke(merged.smoke, ground.folder),
    contract: resolveContract(merged.contract, probe),
    steps,
    promote: merged.promote,
    promoteByMs: merged.promoteBy,
    onDeadline: merged.onDeadline,
    drift: merged.drift,
    overrides: { ...merged.overrides, header: merged.overrides.header?.toLowerCase() ?? null },
    onInconclusive: merged.onInconclusive,
    maxWindowMs: merged.maxWindow ?? 2 * longestWindowMs(steps),
    bakeMs: merged.bake,
    readyMs: merged.ready,
    drain: { callsMs: merged.drain.calls, sessionsMs: merged.drain.sessions },
    judge: judgePolicy(merged),
    checks: merged.checks.map((check) =>
      resolveCheck(check, {
        service: name,
        stablePort: own.stable?.port,
        canaryPort: own.canary?.port,
      }),
    ),
    release: resolveRelease(merged.release, releasesDir(name, merged.release?.dir, ground)),
    intervalMs: merged.interval,
    replay: merged.replay,
    sessionIdleMs: merged.sessionIdle,
    maxSessions: merged.maxSessions,
    callTimeoutMs: merged.callTimeout,
    bodyTimeoutMs: merged.bodyTimeout,
    maxWaiting: merged.maxWaiting,
    patienceMs: merged.patience,
    canaryEnv: merged.canaryEnv,
  };
}

/** The window of the step that lasts longest. */
export function longestWindowMs(steps: readonly Step[]): number {
  return Math.max(...steps.map(({ windowMs }) => windowMs));
}

function judgePolicy({ limits, minimum, alpha, early }: Merged): JudgePolicy {
  const { errors, latency, memory, logs } = limits;
  return {
    errors: {
      maxRatio: errors.max,
      timesStable: errors.timesStable,
      overStable: errors.overStable,
    },
    latency: { timesStable: latency.timesStable, warmUpMs: latency.warmUp },
    memory: {
      maxRssBytes: memory.max,
      horizonMs: memory.horizon,
      timesStable: memory.timesStable,
      warmUpMs: memory.warmUp,
    },
    logs: { errorPatterns: logs.errorPatterns, timesStable: logs.timesStable },
    minimum: { calls: minimum.calls, sessions: minimum.sessions },
    alpha,
    early,
  };
}

/** `mcp` without a path where there are no MCP paths is told by config/checks.ts. */
function resolveProbe(written: WrittenProbe | undefined, mcpPaths: readonly string[]): Probe {
  if (written !== undefined && (written.kind === 'tcp' || written.path !== null)) return written;
  const path = mcpPaths[0];
  return path === undefined ? { kind: 'tcp' } : { kind: 'mcp', path };
}

/** The folder of the daemon that PM2's own programs speak to. */
export function pm2HomeOf(env: NodeJS.ProcessEnv): string {
  return env['PM2_HOME'] || join(userHome(env), '.pm2');
}

function pm2Home(written: string | undefined, folder: string, env: NodeJS.ProcessEnv): string {
  return written === undefined ? pm2HomeOf(env) : resolveFolder(written, { folder, env });
}

function releasesDir(service: string, written: string | undefined, ground: Ground): string {
  if (written !== undefined) return resolveFolder(written, ground);
  return join(homeFrom(ground.env).dir, 'releases', service);
}

function resolveFolder(written: string, { folder, env }: Ground): string {
  return resolve(folder, written.replace(/^~(?=\/|$)/, userHome(env)));
}

function userHome(env: NodeJS.ProcessEnv): string {
  return env['HOME'] || homedir();
}

/** The settings whose keys are settings of their own; all others are replaced as a whole. */
const SECTIONS = new Set([
  'drain',
  'limits',
  'errors',
  'latency',
  'memory',
  'logs',
  'minimum',
  'canaryEnv',
  'release',
  'pins',
  'env',
  'overrides',
]);

/** `over` laid over `base`, key by key. */
function overlay(base: Merged, over: Settings): Merged {
  const merged = overlayKeys(base, over) as Merged;
  const single = over.weight !== undefined || over.window !== undefined;
  return single && over.steps === undefined ? { ...merged, steps: undefined } : merged;
}

function overlayKeys(base: object, over: object): object {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over) as [string, unknown][]) {
    const below = merged[key];
    merged[key] =
      SECTIONS.has(key) && isObject(value) && isObject(below) ? overlayKeys(below, value) : value;
  }
  return merged;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
