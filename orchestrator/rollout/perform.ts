/** Carries out the actions that decisions name. Each can be repeated without harm, and its failure is data. */
import type { Clock } from '../../common/clock.js';
import { ROLLOUT_KEY, sameSpec } from '../pm2/spec.js';
import { environOf } from '../proc/files.js';
import { sameLife, type Instance } from '../proc/instance.js';
import { endProcesses, markedProcesses } from '../proc/marked.js';
import { orphanOnPort } from '../proc/orphan.js';
import { instanceOf, isAlive, treePids } from '../proc/tree.js';
import type { ProxyClient } from '../proxy-client.js';
import type { Preparations } from '../release/preparations.js';
import type { SmokeRunner } from '../smoke/runner.js';
import type { Action, ActionOutcome } from './decision.js';
import { sameRoute } from './route.js';
import { hasOtherRelease } from './main-spec.js';
import type { Rollout } from './rollout.js';
import { staleEcosystem } from './stale-ecosystem.js';
import type { App, Outcome, ProcessManager } from '../process-manager.js';

export interface PerformParts {
  readonly pm2: ProcessManager;
  readonly proxy: ProxyClient;
  readonly preparations: Preparations;
  readonly clock: Clock;
  /** What an ecosystem file is run with. */
  readonly env: NodeJS.ProcessEnv;
  readonly smoke: SmokeRunner;
}

/** Between SIGINT and SIGKILL. */
const GRACE_MS = 2_000;

const done: ActionOutcome = { done: true };
const failed = (reason: string): ActionOutcome => ({ done: false, reason });
const asOutcome = (outcome: Outcome<unknown>): ActionOutcome =>
  outcome.kind === 'ok' ? done : failed(outcome.reason);

/** Does one thing. Never rejects for what the world does. */
export async function perform(
  parts: PerformParts,
  action: Action,
  rollout: Rollout,
): Promise<ActionOutcome> {
  switch (action.kind) {
    case 'set-route':
      return setRoute(parts, action.route, rollout);
    case 'prepare':
      parts.preparations.begin(rollout);
      return done;
    case 'stop-preparing':
      await parts.preparations.stop(rollout.id);
      return done;
    case 'start':
      return start(parts, action.track, rollout);
    case 'smoke':
      parts.smoke.begin(rollout, action.deadlineMs);
      return done;
    case 'respec-main':
      return respecMain(parts, action, rollout);
    case 'tidy-up':
      return tidyUp(parts, rollout);
  }
}

async function setRoute(
  { proxy }: PerformParts,
  route: Parameters<ProxyClient['setRoute']>[1],
  { service }: Rollout,
): Promise<ActionOutcome> {
  const reply = await proxy.setRoute(service, route);
  if (reply.kind === 'down') return failed(reply.reason);
  return sameRoute(reply.value.route, route)
    ? done
    : failed('the proxy answered with another route than it was given');
}

/** A baseline is a canary of the release that main already runs. */
async function start(
  { pm2 }: PerformParts,
  track: 'canary' | 'baseline',
  { config, change, mark }: Rollout,
): Promise<ActionOutcome> {
  const { baseline } = config;
  const isCanary = track === 'canary' || baseline === null;
  const main = await pm2.find(config.app);
  if (main.kind !== 'ok') return failed(main.reason);
  const request = {
    name: isCanary ? config.canaryApp : baseline.app,
    rollout: mark,
    release: isCanary ? change : {},
    port: isCanary ? config.canary.port : baseline.at.port,
    portFrom: config.portFrom,
    env: config.canaryEnv,
  };
  return asOutcome(await pm2.startCanary(main.value, request));
}

async function respecMain(
  parts: PerformParts,
  { release, orphan }: Extract<Action, { kind: 'respec-main' }>,
  { config, oldSpec, newSpec }: Rollout,
): Promise<ActionOutcome> {
  const { pm2 } = parts;
  const main = await pm2.find(config.app);
  if (main.kind !== 'ok') return failed(main.reason);
  if (orphan !== undefined) {
    const ended = await endOrphan(parts, orphan, main.value, config.stable.port);
    if (!ended.done) return ended;
  }
  return asOutcome(await pm2.respec(main.value, release === 'new' ? newSpec : oldSpec));
}

/** Ends it as PM2 would, if it still is what it was when that was decided. */
async function endOrphan(
  { pm2, clock }: PerformParts,
  orphan: Instance,
  main: App,
  port: number,
): Promise<ActionOutcome> {
  const daemon = await pm2.daemon();
  if (daemon.kind !== 'ok') return failed(daemon.reason);
  const still = await orphanOnPort(port, main, daemon.value, pm2);
  if (!sameLife(still, orphan)) return done;
  const graceMs = Number(environOf(orphan.pid)?.get('kill_timeout')) || GRACE_MS;
  const tree = treePids(orphan.pid).flatMap((pid) => instanceOf(pid) ?? []);
  await endProcesses(tree, 'SIGINT', graceMs, clock);
  return isAlive(orphan)
    ? failed(`process ${orphan.pid} keeps port ${port}, and does not end`)
    : done;
}

async function tidyUp(parts: PerformParts, rollout: Rollout): Promise<ActionOutcome> {
  const { pm2, preparations, smoke, clock } = parts;
  smoke.end(rollout.id);
  await preparations.stop(rollout.id);
  const { canaryApp, baseline, app } = rollout.config;
  const apps = await pm2.list();
  if (apps.kind !== 'ok') return failed(apps.reason);
  const early = untruth(rollout, appsNamed(app, apps.value));
  if (early !== null) return failed(early);
  for (const made of apps.value) {
    if (made.rollout !== rollout.mark) continue;
    const removed = await pm2.remove(made);
    if (removed.kind !== 'ok') return failed(removed.reason);
  }
  // What PM2 does not know (any more): its daemon died, or a wrapper left a child behind.
  const left = markedProcesses(ROLLOUT_KEY, rollout.mark);
  await endProcesses(left, 'SIGINT', GRACE_MS, clock);
  const now = await pm2.list();
  if (now.kind !== 'ok') return failed(now.reason);
  const mains = appsNamed(app, now.value);
  const late = untruth(rollout, mains);
  if (late !== null) return failed(late);
  const [main] = mains;
  if (main === undefined) return done;
  const isPromotion = rollout.phase.kind === 'retiring';
  const dumped = await pm2.refreshDump(main, baseline ? [canaryApp, baseline.app] : [canaryApp]);
  if (dumped.kind !== 'ok' || !isPromotion) return asOutcome(dumped);
  return { done: true, warnings: await staleEcosystem(rollout, main.spec, parts.env) };
}

function appsNamed(wanted: string, apps: readonly App[]): App[] {
  return apps.filter(({ name }) => name === wanted);
}

/** Why it would be no truth to end the rollout now, or null. */
function untruth(rollout: Rollout, mains: readonly Pick<App, 'spec'>[]): string | null {
  const { phase, config, newSpec } = rollout;
  const isPromotion = phase.kind === 'retiring';
  // A rollback leaves main as another hand has made it, scaled or deleted.
  if (isPromotion && mains.length !== 1) return `PM2 has ${mains.length} apps ${config.app}`;
  const isLost = mains.some(({ spec }) =>
    isPromotion ? !sameSpec(spec, newSpec) : hasOtherRelease(rollout, spec),
  );
  return isLost ? `${config.app} no longer has its release in PM2` : null;
}
