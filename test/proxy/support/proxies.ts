/** A proxy in this process, in front of one service, with a state folder of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { systemClock } from '../../../common/clock.js';
import { homeFrom, type Home } from '../../../common/home.js';
import {
  callPageSchema,
  proxyStateSchema,
  type CallPage,
  type Route,
  type ServiceState,
} from '../../../common/protocol.js';
import { callUnix, type UnixReply } from '../../../common/unix-http.js';
import type { CanaryConfig, ServiceConfig } from '../../../config/types.js';
import { loadConfigText } from '../../../config/load.js';
import { Proxy } from '../../../proxy/proxy.js';
import { freePort } from '../../support/ports.js';

export const SERVICE = 'svc';

export interface TestProxy {
  readonly url: string;
  readonly port: number;
  readonly home: Home;
  readonly config: CanaryConfig;
  readonly setRoute: (route: Route) => Promise<ServiceState>;
  readonly state: () => Promise<ServiceState>;
  calls(after?: number): Promise<CallPage>;
  admin(method: string, path: string, body?: unknown): Promise<UnixReply>;
  /** Closes it; the state folder stays. */
  stop(limitMs?: number): Promise<void>;
  /** Starts it anew on the same state folder and port. */
  start(): Promise<void>;
  /** Closes it and removes the state folder. */
  dispose(): Promise<void>;
}

export async function startProxy(
  ports: { stable: number; canary?: number },
  overrides: Partial<ServiceConfig> = {},
): Promise<TestProxy> {
  const dir = mkdtempSync(join(tmpdir(), 'canary-proxy-'));
  const home = homeFrom({ CANARY_HOME: dir });
  const listen = await freePort();
  const config = await makeConfig({ listen, ...ports }, overrides);
  let proxy: Proxy | null = null;
  const start = async (): Promise<void> => {
    const level = process.env['CANARY_LOG_LEVEL'] ?? 'silent';
    proxy = new Proxy({ config, home, clock: systemClock, log: pino({ level }) });
    await proxy.open();
  };
  const stop = async (limitMs = 50): Promise<void> => {
    await proxy?.close(limitMs);
    proxy = null;
  };
  const admin = (method: string, path: string, body?: unknown): Promise<UnixReply> =>
    callUnix(home.proxySocket, { method, path, body, timeoutMs: 60_000 });
  const answered = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const reply = await admin(method, path, body);
    if (reply.kind !== 'answered') throw new Error(reply.reason);
    if (reply.status !== 200) throw new Error(JSON.stringify(reply.body));
    return reply.body;
  };
  await start();
  return {
    url: `http://127.0.0.1:${listen}`,
    port: listen,
    home,
    config,
    admin,
    start,
    stop,
    setRoute: async (route) =>
      (await answered('PUT', `/v1/services/${SERVICE}/route`, route)) as ServiceState,
    state: async () => {
      const state = proxyStateSchema.parse(await answered('GET', '/v1/state'));
      return state.services[SERVICE]!;
    },
    calls: async (after = 0) =>
      callPageSchema.parse(await answered('GET', `/v1/services/${SERVICE}/calls?after=${after}`)),
    dispose: async () => {
      await stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function makeConfig(
  ports: { listen: number; stable: number; canary?: number },
  overrides: Partial<ServiceConfig>,
): Promise<CanaryConfig> {
  const canary = ports.canary ?? (await freePort());
  const text = [
    'proxy:',
    `  metrics: ${await freePort()}`,
    'services:',
    `  ${SERVICE}:`,
    `    listen: ${ports.listen}`,
    `    stable: ${ports.stable}`,
    `    canary: ${canary}`,
    '    portFrom: env:PORT',
  ].join('\n');
  const loaded = loadConfigText('canary.yaml', text, {});
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const service = { ...loaded.config.services[SERVICE]!, ...overrides };
  return { ...loaded.config, services: { [SERVICE]: service } };
}

/** A route with stable and, when its weight is given, canary. */
export function route(
  ports: { stable: number; canary?: number },
  weights: { canary?: number; drainStable?: boolean; drainCanary?: boolean } = {},
): Route {
  const { canary = 0, drainStable = false, drainCanary = false } = weights;
  const stable = { host: '127.0.0.1', port: ports.stable, weight: 1 - canary, drain: drainStable };
  if (ports.canary === undefined) return { tracks: { stable } };
  const other = { host: '127.0.0.1', port: ports.canary, weight: canary, drain: drainCanary };
  return { tracks: { stable, canary: other } };
}
