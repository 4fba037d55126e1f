/** What all checks go by, looked at once. Every part that cannot be seen is there with its reason. */
import { homeFrom, type Home } from '../../common/home.js';
import { callUnix } from '../../common/unix-http.js';
import type { ProxyState } from '../../common/protocol.js';
import { findConfig } from '../../config/find.js';
import { loadConfig } from '../../config/load.js';
import { pm2HomeOf } from '../../config/resolve.js';
import type { CanaryConfig, ServiceConfig } from '../../config/types.js';
import type { StatusReply } from '../control/messages.js';
import { createPm2 } from '../pm2/adapter.js';
import type { AppView } from '../pm2/app.js';
import type { Daemon, Outcome } from '../process-manager.js';
import { proxyClient, type ProxyReply } from '../proxy-client.js';

const TIMEOUT_MS = 3_000;

export interface ConfigFact {
  /** Null: there is none that could be used. */
  readonly config: CanaryConfig | null;
  /** What is wrong or doubtful, one line each. */
  readonly problems: readonly string[];
}

export interface Facts {
  readonly env: NodeJS.ProcessEnv;
  readonly home: Home;
  readonly configured: ConfigFact;
  readonly pm2Home: string;
  readonly daemon: Outcome<Daemon>;
  readonly apps: Outcome<readonly AppView[]>;
  readonly proxy: ProxyReply<ProxyState>;
  readonly orchestrator: ProxyReply<StatusReply>;
}

export interface FactRequest {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly configFlag: string | undefined;
}

/** Looks at everything at once. Never rejects; every look is bounded in time. */
export async function gatherFacts({ env, cwd, configFlag }: FactRequest): Promise<Facts> {
  const home = homeFrom(env);
  const configured = configFact({ flag: configFlag, env, cwd, homeDir: home.dir });
  const pm2Home = configured.config?.pm2Home ?? pm2HomeOf(env);
  const pm2 = createPm2({ home: pm2Home, timeoutMs: TIMEOUT_MS });
  const [daemon, apps, proxy, orchestrator] = await Promise.all([
    pm2.daemon(),
    pm2.list(),
    proxyClient(home.proxySocket).state(),
    orchestratorStatus(home),
  ]);
  return { env, home, configured, pm2Home, daemon, apps, proxy, orchestrator };
}

function configFact(request: Parameters<typeof findConfig>[0]): ConfigFact {
  const found = findConfig(request);
  if (!found.ok) return { config: null, problems: [found.message] };
  const loaded = loadConfig(found.file, request.env);
  const problems = (loaded.ok ? loaded.warnings : loaded.problems).map(
    ({ file, place, path, message }) =>
      `${file}${place === null ? '' : `:${place.line}`}: ${path === '' ? '' : `${path}: `}${message}`,
  );
  return { config: loaded.ok ? loaded.config : null, problems };
}

async function orchestratorStatus({ controlSocket }: Home): Promise<ProxyReply<StatusReply>> {
  const call = { method: 'GET', path: '/v1/status', timeoutMs: 2 * TIMEOUT_MS };
  const reply = await callUnix(controlSocket, call);
  if (reply.kind === 'unreachable') return { kind: 'down', reason: reply.reason };
  return reply.status === 200
    ? { kind: 'ok', value: reply.body as StatusReply }
    : { kind: 'down', reason: `it answered ${reply.status}` };
}

/** The services, none without a usable configuration. */
export function servicesOf({ configured }: Facts): readonly ServiceConfig[] {
  return Object.values(configured.config?.services ?? {});
}

/** The one PM2 app that is a service's main, or null. */
export function mainOf({ apps }: Facts, { app }: ServiceConfig): AppView | null {
  const named = apps.kind === 'ok' ? apps.value.filter(({ name }) => name === app) : [];
  return named.length === 1 ? (named[0] ?? null) : null;
}

/** Ids of the rollouts under way, by service; null when the orchestrator does not tell. */
export function liveRollouts({ orchestrator }: Facts): ReadonlyMap<string, string> | null {
  if (orchestrator.kind === 'down') return null;
  const live = orchestrator.value.services.flatMap(({ service, rollout }) =>
    rollout === null || rollout.endedAtMs !== null ? [] : [[service, rollout.id] as const],
  );
  return new Map(live);
}
