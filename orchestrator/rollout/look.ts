/** One look at the world for one rollout: PM2, both process trees, the proxy, and probes where a phase waits for one. */
import type { Clock } from '../../common/clock.js';
import type { ServiceState } from '../../common/protocol.js';
import type { HostPort } from '../../config/types.js';
import { sameSpec, type AppSpec } from '../pm2/spec.js';
import { incompatibilities } from '../probe/compatibility.js';
import { serves } from '../probe/serves.js';
import { proveRuns } from '../proc/identity.js';
import type { Instance } from '../proc/instance.js';
import { orphanOnPort } from '../proc/orphan.js';
import { instanceOf, treeRssBytes } from '../proc/tree.js';
import type { ProxyClient } from '../proxy-client.js';
import type { Preparations } from '../release/preparations.js';
import type { SmokeProgress, SmokeRunner } from '../smoke/runner.js';
import type { Phase } from './phase.js';
import type { AppFacts, InstanceView, Observation, Readiness } from './observation.js';
import type { App, Daemon, Outcome, ProcessManager } from '../process-manager.js';
import { specOfMain } from './main-spec.js';
import type { Rollout, ServerInfo } from './rollout.js';

const PROBE_TIMEOUT_MS = 5_000;
/** How long a new daemon may take to bring its apps back (`pm2 resurrect`, `pm2 update`). */
const RESURRECTION_MS = 15_000;

/** An instance, with what the monitor measures. */
export interface TrackLook extends InstanceView {
  readonly pid: number | null;
  /** The files that PM2 writes the app's output to, each once. */
  readonly logPaths: readonly string[];
  /** Of the whole process tree; null without a process. */
  readonly rssBytes: number | null;
}

export type DaemonLook =
  | {
      readonly kind: 'up';
      readonly startedAtMs: number;
      readonly mainCount: number;
      readonly canaryCount: number;
      readonly main: TrackLook | null;
      readonly canary: TrackLook | null;
      readonly baseline: TrackLook | null;
    }
  | { readonly kind: 'down'; readonly reason: string };

export type ProxyLook =
  | { readonly kind: 'up'; readonly epoch: string; readonly service: ServiceState }
  | { readonly kind: 'down'; readonly reason: string };

export interface Look {
  readonly daemon: DaemonLook;
  readonly proxy: ProxyLook;
  /** The processes of main and the canary that are there. */
  readonly lives: readonly Instance[];
  readonly preparation: Observation['preparation'];
  /** How the canary introduced itself, if this look probed it. */
  readonly canaryServer: ServerInfo | null;
  readonly smoke: SmokeProgress | null;
}

export interface LookParts {
  readonly pm2: ProcessManager;
  readonly proxy: ProxyClient;
  readonly preparations: Preparations;
  readonly smoke: SmokeRunner;
  readonly clock: Clock;
}

/** Looks once. Every part that cannot be seen is in the result with its reason. */
export async function look(parts: LookParts, rollout: Rollout): Promise<Look> {
  const { proxy, preparations, smoke } = parts;
  const [daemon, proxied] = await Promise.all([
    lookAtDaemon(parts, rollout),
    lookAtProxy(proxy, rollout.service),
  ]);
  const apps = daemon.kind === 'up' ? [daemon.main, daemon.canary] : [];
  const readiness = apps[1]?.readiness;
  return {
    daemon,
    proxy: proxied,
    lives: apps.flatMap((app) => app?.life ?? []),
    preparation: preparations.stateOf(rollout.id),
    canaryServer: readiness?.ready === true ? readiness.server : null,
    smoke: smoke.progress(rollout.id),
  };
}

async function lookAtProxy(proxy: ProxyClient, service: string): Promise<ProxyLook> {
  const reply = await proxy.state();
  if (reply.kind === 'down') return reply;
  const state = reply.value.services[service];
  return state === undefined
    ? { kind: 'down', reason: `it does not know ${service}: load it anew with canary reload` }
    : { kind: 'up', epoch: reply.value.epoch, service: state };
}

async function lookAtDaemon(
  { pm2, proxy, clock }: LookParts,
  rollout: Rollout,
): Promise<DaemonLook> {
  const daemon = await pm2.daemon();
  const apps = daemon.kind === 'ok' ? await pm2.list() : daemon;
  if (daemon.kind !== 'ok' || apps.kind !== 'ok') {
    return { kind: 'down', reason: reasonOf(apps) };
  }
  const { config, oldSpec, newSpec, phase } = rollout;
  const mains = apps.value.filter((app) => app.name === config.app);
  const main = mains[0] ?? null;
  const ageMs = Math.abs(clock.now() - daemon.value.startedAtMs);
  if (main === null && ageMs < RESURRECTION_MS) {
    return { kind: 'down', reason: `it has just started and has no app ${config.app} yet` };
  }
  const made = apps.value.filter((app) => app.rollout === rollout.mark);
  const compatible = (found: Readiness): Promise<Readiness> => fits(found, proxy, rollout);
  const lookAtMade = async (
    name: string,
    at: HostPort,
    further = (found: Readiness): Promise<Readiness> => Promise.resolve(found),
  ): Promise<TrackLook | null> => {
    const app = made.find((each) => each.name === name);
    if (app === undefined) return null;
    return lookAtApp(app, true, phase.kind === 'starting', async () =>
      further(await serves(app, at, config.probe, daemon.value)),
    );
  };
  const spec = specOfMain(rollout);
  const before = spec === newSpec ? oldSpec : newSpec;
  return {
    kind: 'up',
    startedAtMs: daemon.value.startedAtMs,
    mainCount: mains.length,
    canaryCount: made.filter((app) => app.name === config.canaryApp).length,
    main:
      main &&
      (await lookAtApp(main, sameSpec(main.spec, spec), waitsForMain(phase), async () => {
        const found = await readinessOfMain(main, { rollout, daemon: daemon.value, spec, before });
        if (found.ready) return found;
        const orphan = await orphanOnPort(config.stable.port, main, daemon.value, pm2);
        return orphan === null ? found : { ...found, orphan };
      })),
    canary: await lookAtMade(config.canaryApp, config.canary, compatible),
    baseline: config.baseline && (await lookAtMade(config.baseline.app, config.baseline.at)),
  };
}

function waitsForMain(phase: Phase): boolean {
  return phase.kind === 'held'
    ? phase.why === 'main-down'
    : 'stage' in phase && phase.stage === 'restarting-main';
}

function reasonOf(outcome: Outcome<unknown>): string {
  return outcome.kind === 'ok' ? 'the daemon went away' : outcome.reason;
}

async function lookAtApp(
  app: App,
  atSpec: boolean,
  awaited: boolean,
  readiness: () => Promise<Readiness>,
): Promise<TrackLook> {
  const life = app.pid === null ? null : instanceOf(app.pid);
  return {
    pid: app.pid,
    app: factsOf(app),
    logPaths: [...new Set([app.outLogPath, app.errLogPath])],
    status: app.status,
    life,
    restarts: app.restarts,
    exitCode: app.exitCode,
    startedAtMs: app.startedAtMs,
    rssBytes: life === null ? null : treeRssBytes(life.pid),
    atSpec,
    readiness: awaited && atSpec ? await readiness() : null,
  };
}

function factsOf({ pmId, uniqueId, orderedAtMs, restartsByItself, spec }: App): AppFacts {
  return { pmId, uniqueId, orderedAtMs, restartsByItself, spec };
}

/** Whether a canary that serves can take over the sessions that there are. */
async function fits(
  found: Readiness,
  proxy: ProxyClient,
  { service, config }: Rollout,
): Promise<Readiness> {
  if (!found.ready) return found;
  const negotiated = await proxy.negotiated(service);
  if (negotiated.kind === 'down') return { ready: false, reason: negotiated.reason };
  const lacks = await incompatibilities(config, negotiated.value, PROBE_TIMEOUT_MS);
  if (lacks.length === 0) return found;
  const reason = `cannot take over the sessions that there are: ${lacks.join('; ')}`;
  return { ready: false, reason };
}

interface MainProof {
  readonly rollout: Rollout;
  readonly daemon: Daemon;
  readonly spec: AppSpec;
  readonly before: AppSpec;
}

/** Main's process was started from the spec, serves, and is the server that the canary was. */
async function readinessOfMain(
  main: App,
  { rollout, daemon, spec, before }: MainProof,
): Promise<Readiness> {
  if (main.pid === null) return { ready: false, reason: `${main.name} has no process` };
  const proof = proveRuns(main.pid, spec, before);
  if (!proof.proven && !proof.hidden) return { ready: false, reason: proof.reason };
  const { stable, probe: how } = rollout.config;
  const readiness = await serves(main, stable, how, daemon);
  const wanted = spec === rollout.newSpec ? rollout.canaryServer : null;
  if (!readiness.ready || readiness.server === null || wanted === null) return readiness;
  const { name, version } = readiness.server;
  return name === wanted.name && version === wanted.version
    ? readiness
    : {
        ready: false,
        reason: `main says it is ${name} ${version}, the canary was ${wanted.name} ${wanted.version}`,
      };
}
