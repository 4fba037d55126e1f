/** Looks at what PM2 runs, app by app: which of them could have a canary, and why the others could not. */
import type { AppView } from '../pm2/app.js';
import type { Daemon } from '../process-manager.js';
import type { HostPort, PortFrom } from '../../config/types.js';
import { treeListeners } from '../proc/listeners.js';
import { portSource } from './port-source.js';
import { speechOf, type Speech } from './speech.js';

/** An app that serves HTTP on a port. */
export interface FoundService {
  readonly app: AppView;
  /** Where it listens. */
  readonly at: HostPort;
  /** Null: neither its arguments nor its environment hold the port. */
  readonly portFrom: PortFrom | null;
  readonly speech: Exclude<Speech, { kind: 'other' }>;
  /** Other ports that it listens on. */
  readonly otherPorts: readonly number[];
}

export interface LeftOut {
  readonly name: string;
  readonly why: string;
}

export interface Survey {
  readonly services: readonly FoundService[];
  readonly leftOut: readonly LeftOut[];
}

/** An app with more listening ports is asked on so many of them. */
const MAX_PORTS = 5;
const TIMEOUT_MS = 10_000;

/** Looks at all apps at once. Never rejects. */
export async function survey(apps: readonly AppView[], daemon: Daemon): Promise<Survey> {
  const others = apps.filter((app) => !isOurs(app) && app.pm2Env['pmx_module'] !== true);
  const names = [...new Set(others.map(({ name }) => name))];
  const results = await Promise.all(
    names.map((name) => {
      const same = others.filter((app) => app.name === name);
      return surveyApp(same, daemon);
    }),
  );
  const services = results.filter((result): result is FoundService => 'at' in result);
  const leftOut = results.filter((result): result is LeftOut => 'why' in result);
  const first = (port: number): FoundService | undefined =>
    services.find(({ at }) => at.port === port);
  const shared = services.filter((service) => first(service.at.port) !== service);
  return {
    services: services.filter((service) => !shared.includes(service)),
    leftOut: [
      ...leftOut,
      ...shared.map(({ app, at }) => ({
        name: app.name,
        why: `it shares port ${at.port} with ${first(at.port)?.app.name ?? 'another'}`,
      })),
    ],
  };
}

/** This program's own two processes, and what a rollout made. */
export function isOurs({ name, rollout, spec }: AppView): boolean {
  const own = /\/dist\/(?:proxy|orchestrator)\/main\.js$/.test(spec.script);
  return rollout !== null || (own && name.startsWith('canary-'));
}

async function surveyApp(
  apps: readonly AppView[],
  daemon: Daemon,
): Promise<FoundService | LeftOut> {
  const [app] = apps;
  if (app === undefined) return { name: '', why: 'it is gone' };
  const { name, status, pid, spec } = app;
  const no = (why: string): LeftOut => ({ name, why });
  // eslint-disable-next-line no-control-regex -- such a name cannot stand in canary.yaml
  if (/[\u0000-\u001f\u007f]|^ | $/.test(name)) return no('its name cannot stand in canary.yaml');
  if (apps.length > 1) return no(`PM2 runs ${apps.length} of it; a canary needs exactly one`);
  if (pid === null) return no(`it has no process now (${status})`);
  const listeners = listenersOf(app, pid, daemon).slice(0, MAX_PORTS);
  if (listeners.length === 0) return no('it listens on no TCP port');
  const asked = await Promise.all(
    listeners.map(async (at) => ({
      at,
      portFrom: portSource(spec, at.port),
      speech: await speechOf(reachable(at), TIMEOUT_MS),
    })),
  );
  const best = asked.sort((a, b) => rank(a) - rank(b))[0];
  if (best === undefined || best.speech.kind === 'other') {
    const ports = listeners.map(({ port }) => port).join(', ');
    return no(`its port ${ports} answers no HTTP, and canary-proxy carries only that`);
  }
  const otherPorts = listeners.map(({ port }) => port).filter((port) => port !== best.at.port);
  return { app, at: best.at, portFrom: best.portFrom, speech: best.speech, otherPorts };
}

/** In cluster mode the daemon holds the sockets: an app's are those whose numbers its settings name. */
function listenersOf({ execMode, spec }: AppView, pid: number, daemon: Daemon): HostPort[] {
  const own = treeListeners(pid);
  if (execMode === 'fork' || daemon.pid === null) return own;
  return treeListeners(daemon.pid).filter(({ port }) => portSource(spec, port) !== null);
}

interface Asked {
  readonly portFrom: PortFrom | null;
  readonly speech: Speech;
}

/** MCP first, then HTTP; of equals the one whose number is in the app's settings. */
function rank({ portFrom, speech }: Asked): number {
  const order: readonly Speech['kind'][] = ['mcp', 'sse', 'http', 'other'];
  return 2 * order.indexOf(speech.kind) + (portFrom === null ? 1 : 0);
}

/** Where to connect to what listens there: "any address" is none to connect to. */
export function reachable({ host, port }: HostPort): HostPort {
  return { host: host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host, port };
}
