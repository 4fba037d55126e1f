/**
 * What it takes to have main serve agents itself again, and every reason why that cannot be done now.
 * Pure.
 */
import type { ProxyState } from '../../common/protocol.js';
import type { PortFrom, ServiceConfig } from '../../config/types.js';
import { formatAddress, formatDuration } from '../../config/units.js';
import { sameSpec, withPort, type AppSpec } from '../pm2/spec.js';
import type { PortOwner } from '../proc/ports.js';
import type { App } from '../process-manager.js';
import type { ProxyReply } from '../proxy-client.js';
import { because, proxyAway } from '../refusals.js';
import { outdatedProxy } from '../rollout/outdated-proxy.js';

export interface UninstallFacts {
  readonly service: ServiceConfig;
  /** Id of the service's rollout under way, null without one. */
  readonly underWay: string | null;
  /** All apps of main's name. */
  readonly mains: readonly App[];
  /** Who listens on the stable port, seen from main. */
  readonly owner: PortOwner;
  readonly proxy: ProxyReply<ProxyState>;
}

export interface UninstallPlan {
  readonly service: ServiceConfig;
  readonly main: App;
  /** On the stable port, as PM2 holds it. Secret, like the next: they hold the environment. */
  readonly before: AppSpec;
  /** The same on the port where agents connect. */
  readonly after: AppSpec;
}

export type UninstallPlanned =
  | { readonly ok: true; readonly plan: UninstallPlan }
  | { readonly ok: false; readonly reasons: readonly string[] };

/** Makes the plan, or gives all reasons against it. */
export function planUninstall(facts: UninstallFacts): UninstallPlanned {
  const { service, mains } = facts;
  const [main] = mains;
  const reasons = [
    ...rolloutReasons(facts),
    ...appReasons(facts),
    ...(main === undefined ? [] : portReasons(facts, main.spec)),
    ...proxyReasons(facts),
  ];
  if (main === undefined || reasons.length > 0) return { ok: false, reasons };
  const after = withPort(main.spec, service.portFrom, service.listen.port);
  return { ok: true, plan: { service, main, before: main.spec, after } };
}

function rolloutReasons({ underWay }: UninstallFacts): string[] {
  if (underWay === null) return [];
  return [because('under-way', `${underWay} is under way: promote it or roll it back first`)];
}

function appReasons({ service: { app }, mains }: UninstallFacts): string[] {
  const [main, ...others] = mains;
  if (main === undefined) return [because('no-app', `PM2 has no app ${app}`)];
  if (others.length > 0)
    return [because('several-apps', `PM2 runs ${mains.length} apps named ${app}`)];
  if (main.pid === null) return [because('app-not-running', `${app} is ${main.status}`)];
  return [];
}

function portReasons({ service, owner }: UninstallFacts, spec: AppSpec): string[] {
  const { app, portFrom, stable, listen } = service;
  if (sameSpec(spec, withPort(spec, portFrom, listen.port))) {
    const reason = `${settingOf(portFrom)} of ${app} is ${listen.port} already, where agents connect`;
    return [because('port-setting', reason)];
  }
  if (!sameSpec(spec, withPort(spec, portFrom, stable.port))) {
    const reason = `${app} does not take its stable port ${stable.port} from ${settingOf(portFrom)} (portFrom): it cannot be given another`;
    return [because('port-setting', reason)];
  }
  if (owner.kind === 'tree' || owner.kind === 'daemon') return [];
  return [because('stable-port', `${app} does not listen on its stable port ${stable.port}`)];
}

function proxyReasons({ service, proxy }: UninstallFacts): string[] {
  if (proxy.kind === 'down') return [because('proxy-down', proxyAway(proxy.reason))];
  const state = proxy.value.services[service.name];
  if (state !== undefined) return outdatedProxy(state, service);
  return [because('proxy-outdated', `canary-proxy does not know ${service.name}`)];
}

function settingOf(from: PortFrom): string {
  return from.kind === 'env' ? `the variable ${from.name}` : `the argument ${from.flag}`;
}

/** The plan as people read it: each step with what it changes, and what agents notice. */
export function planText({ service }: UninstallPlan): string {
  const { name, app, listen, stable, portFrom, drain, readyMs } = service;
  const [calls, ready] = [formatDuration(drain.callsMs), formatDuration(readyMs)];
  return [
    `uninstall ${name}: main serves agents itself again, where they connect now`,
    `  1. canary-proxy takes no new connections on ${formatAddress(listen)}, lets calls under way finish (${calls} at most), and frees the port`,
    `  2. PM2 restarts ${app} there: ${settingOf(portFrom)} from ${stable.port} to ${listen.port}`,
    `  3. proof within ${ready}: port ${listen.port} belongs to ${app}, which answers (${service.probe.kind})`,
    `From step 1 until ${app} answers, agents are refused. Their sessions end with the old process: they begin new ones.`,
    `When a step fails, or you interrupt it, ${app} gets port ${stable.port} back, and canary-proxy listens again.`,
    ...(listen.host === stable.host
      ? []
      : [`Agents connect to ${listen.host}: ${app} must listen on that address by itself.`]),
  ].join('\n');
}

/** What is left to the person, who owns both files and PM2's dump. */
export function leftToDo({ service }: UninstallPlan, configFile: string): string {
  const { name, app, listen, stable, portFrom, ecosystem } = service;
  return [
    `Left to you, before ${app} or canary-proxy is started again:`,
    `  1. in ${ecosystem ?? `the ecosystem file of ${app}`}: ${settingOf(portFrom)}, ${stable.port} -> ${listen.port}`,
    `  2. take ${name} out of ${configFile}, then: canary reload, and pm2 restart canary-orchestrator`,
    `     (was it the last service: pm2 delete canary-proxy canary-orchestrator)`,
    `  3. pm2 save`,
    `Until 2. is done, a canary-proxy that is started anew waits for port ${listen.port}, and takes it in a moment without ${app}.`,
  ].join('\n');
}
