/**
 * Before a rollout: what it would do, and every reason against it. Nothing is touched. A plan that
 * is accepted becomes the rollout, frozen with the configuration it was made from.
 */
import { userInfo } from 'node:os';
import type { HostPort, ServiceConfig, Step } from '../../config/types.js';
import type { PlanView, StartRequest } from '../control/messages.js';
import { canaryRefusals, runRefusals } from '../pm2/refusal.js';
import { applyRelease, diffSpec, type AppSpec, type ReleaseChange } from '../pm2/spec.js';
import { outdatedProxy } from './outdated-proxy.js';
import { portHolder, portOwner } from '../proc/ports.js';
import type { ProxyClient } from '../proxy-client.js';
import { plannedCanary } from './planned-canary.js';
import { sideEffectWarnings } from './side-effects.js';
import { planRelease, releasePlanView, releaseRefusals, runsAlready } from '../release/plan.js';
import type { Release } from '../release/release.js';
import { planSmoke } from '../smoke/plan.js';
import type { Suite } from '../smoke/suite.js';
import type { Store } from '../store/store.js';
import { because, pm2Away, proxyAway } from '../refusals.js';
import type { App, Daemon, ProcessManager } from '../process-manager.js';

export interface Plan {
  /** The configuration with the request's wishes and main's memory limit. */
  readonly config: ServiceConfig;
  readonly oldSpec: AppSpec;
  readonly newSpec: AppSpec;
  readonly change: ReleaseChange;
  readonly release: Release | null;
  /** The calls that the canary must answer before it gets traffic; null: none. */
  readonly suite: Suite | null;
  readonly view: PlanView;
}

export type Planned =
  | { readonly ok: true; readonly plan: Plan }
  | { readonly ok: false; readonly code: 'usage' | 'refused'; readonly reasons: readonly string[] };

export interface PlanParts {
  readonly pm2: ProcessManager;
  readonly proxy: ProxyClient;
  readonly store: Pick<Store, 'lastPromoted'>;
}

/** Makes the plan of the rollout with that id, or gives every reason why there cannot be one now. */
export async function makePlan(
  parts: PlanParts,
  configured: ServiceConfig,
  request: StartRequest,
  rolloutId: string,
): Promise<Planned> {
  const steps = stepsFor(configured.steps, request);
  if (steps === null) {
    const reason = because(
      'weight-needs-steps',
      'the service is configured with several steps: --weight and --window need --steps',
    );
    return { ok: false, code: 'usage', reasons: [reason] };
  }
  const wanted = planRelease(configured, request, rolloutId);
  if (!wanted.ok) return { ok: false, code: 'usage', reasons: wanted.reasons };
  const { release, change } = wanted;
  const smoke = planSmoke(configured, request);
  if (!smoke.ok) return { ok: false, code: 'usage', reasons: [smoke.reason] };
  const daemon = await parts.pm2.daemon();
  const apps = await parts.pm2.list();
  if (daemon.kind !== 'ok') return refused([because('pm2-down', pm2Away(daemon.reason))]);
  if (apps.kind !== 'ok') return refused([because('pm2-down', pm2Away(apps.reason))]);
  const main = apps.value.find(({ name }) => name === configured.app);
  if (main === undefined) return refused([because('no-app', `PM2 has no app ${configured.app}`)]);
  const newSpec = applyRelease(main.spec, change);
  const reasons = appRefusals(apps.value, configured, main.spec, newSpec);
  if (reasons.length > 0) return refused(reasons);

  const config = withWishes(smoke.config, steps, main);
  const refusals = [
    ...(release === null
      ? await runRefusals(newSpec, main.searchPath)
      : await releaseRefusals(release, newSpec)),
    ...portRefusals(config, main, daemon.value),
    ...(await proxyRefusals(parts.proxy, config)),
  ];
  if (refusals.length > 0) return refused(refusals);
  const { suite } = smoke;
  const made = parts.store.lastPromoted(configured.name)?.release ?? null;
  const madeBefore = release !== null && runsAlready(configured, request, made, main.spec);
  const view = {
    ...planView(config, main, newSpec, { release, change, madeBefore }),
    ...beforeTraffic(config, suite),
  };
  return { ok: true, plan: { config, oldSpec: main.spec, newSpec, change, release, suite, view } };
}

function refused(reasons: readonly string[]): Planned {
  return { ok: false, code: 'refused', reasons };
}

/** The steps that the request asks for; null when it cannot be said what its weight would mean. */
function stepsFor(configured: readonly Step[], request: StartRequest): readonly Step[] | null {
  if (request.steps !== undefined) return request.steps;
  const [only, ...more] = configured;
  const { weight, windowMs } = request;
  if (weight === undefined && windowMs === undefined) return configured;
  if (only === undefined || more.length > 0) return null;
  return [{ ...only, weight: weight ?? only.weight, windowMs: windowMs ?? only.windowMs }];
}

/** PM2's own memory limit is the limit where the configuration names none. */
function withWishes(configured: ServiceConfig, steps: readonly Step[], main: App): ServiceConfig {
  const { judge } = configured;
  const maxRssBytes = judge.memory.maxRssBytes ?? main.memoryLimitBytes;
  return { ...configured, steps, judge: { ...judge, memory: { ...judge.memory, maxRssBytes } } };
}

/** Both apps that would be made, each with its release; what is wrong with main is said once. */
function appRefusals(
  apps: readonly App[],
  { app, canaryApp, baseline }: ServiceConfig,
  oldSpec: AppSpec,
  newSpec: AppSpec,
): string[] {
  const canary = canaryRefusals(apps, app, canaryApp, newSpec);
  if (baseline === null) return canary;
  return [...new Set([...canary, ...canaryRefusals(apps, app, baseline.app, oldSpec)])];
}

function portRefusals(config: ServiceConfig, main: App, daemon: Daemon): string[] {
  const reasons = [
    ...takenPort('canary', config.canary),
    ...(config.baseline === null ? [] : takenPort('baseline', config.baseline.at)),
  ];
  const owner = portOwner(config.stable.port, main.pid ?? 0, daemon.pid);
  if (owner.kind !== 'tree' && owner.kind !== 'daemon') {
    const who =
      owner.kind === 'nobody' ? 'nobody listens there' : `process ${owner.pid ?? '?'} does`;
    reasons.push(
      because(
        'stable-port',
        `${config.app} does not listen on its stable port ${config.stable.port}: ${who}`,
      ),
    );
  }
  return reasons;
}

function takenPort(track: 'canary' | 'baseline', { port }: HostPort): string[] {
  const holder = portHolder(port);
  return holder === null
    ? []
    : [because('port-taken', `the ${track}'s port ${port} is taken by process ${holder}`)];
}

async function proxyRefusals(proxy: ProxyClient, config: ServiceConfig): Promise<string[]> {
  const reply = await proxy.state();
  if (reply.kind === 'down') return [because('proxy-down', proxyAway(reply.reason))];
  const service = reply.value.services[config.name];
  if (service === undefined) {
    return [
      because(
        'proxy-outdated',
        `canary-proxy does not know ${config.name}: load it anew with canary reload`,
      ),
    ];
  }
  const outdated = outdatedProxy(service, config);
  if (service.listening) return outdated;
  const reason = `canary-proxy does not listen for ${config.name}: ${service.listenError ?? ''}`;
  return [because('proxy-not-listening', reason), ...outdated];
}

function planView(
  config: ServiceConfig,
  main: App,
  newSpec: AppSpec,
  { release, change, madeBefore }: Pick<Plan, 'release' | 'change'> & { madeBefore: boolean },
): Omit<PlanView, 'smoke' | 'contract'> {
  const canary = plannedCanary(config, main.spec, change);
  const mainChanges = diffSpec(main.spec, newSpec);
  return {
    service: config.name,
    app: config.app,
    canaryApp: config.canaryApp,
    canaryPort: config.canary.port,
    baselineApp: config.baseline?.app ?? null,
    steps: config.steps,
    promote: config.promote,
    promoteByMs: config.promoteByMs,
    onDeadline: config.onDeadline,
    bakeMs: config.bakeMs,
    canaryDiffers: diffSpec(main.spec, canary),
    mainChanges,
    release: releasePlanView(config, release),
    unchanged: mainChanges.length === 0 || madeBefore,
    warnings: [
      ...releaseWarnings(mainChanges.length === 0, madeBefore),
      ...(release === null ? [] : userWarnings(main)),
      ...sideEffectWarnings(main, newSpec, config),
    ],
  };
}

function beforeTraffic(
  { smoke, contract }: ServiceConfig,
  suite: Suite | null,
): Pick<PlanView, 'smoke' | 'contract'> {
  return {
    smoke: smoke && suite && { suite: smoke.suite, calls: suite.calls.length },
    contract: contract?.breaking ?? null,
  };
}

/** The release's folder is the orchestrator's user's alone. */
function userWarnings({ user }: App): readonly string[] {
  const { uid, username } = userInfo();
  if (user === null || [String(uid), username].includes(user)) return [];
  return [
    `main runs as user ${user}, who cannot read the release's folder unless a command of release.prepare lets them`,
  ];
}

function releaseWarnings(sameSpec: boolean, madeBefore: boolean): readonly string[] {
  if (madeBefore) return ['main runs a release of these values already: it is made anew'];
  if (!sameSpec) return [];
  return [
    'the release is the code on disk: if main restarts by itself it runs it too, and a rollback cannot bring the old code back',
  ];
}
