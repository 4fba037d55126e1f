/**
 * The whole set-up in a temporary folder: a private PM2 daemon, a server under it, and the two
 * processes of this program started from ecosystem.config.js as an operator starts them. The demo
 * runs on it, and the end-to-end tests too.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stringify } from 'yaml';
import { homeFrom } from '../common/home.js';
import { ecosystemFile, packageRoot } from '../common/package.js';
import { callUnix } from '../common/unix-http.js';
import type { RolloutView, ServiceView, StatusReply } from '../orchestrator/control/messages.js';
import { freePort } from './free-port.js';
import { startPrivatePm2, type PrivatePm2 } from './private-pm2.js';

const BOOT_TIMEOUT_MS = 60_000;
const POLL_MS = 100;

/** A server to run under PM2, as an ecosystem file has it, less its port. */
export interface StageApp {
  readonly name: string;
  readonly script: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly [option: string]: unknown;
}

export interface StageOptions {
  /** CANARY_HOME, an empty folder that the caller removes; by default one of its own. */
  readonly home?: string;
  /** Variables of all processes, PM2's daemon included. */
  readonly env?: Readonly<Record<string, string>>;
  readonly apps: readonly StageApp[];
  /** Settings of every service, as in canary.yaml. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /** Settings of single services, by the app's name. */
  readonly services?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Receivers of notifications, as in canary.yaml. */
  readonly notify?: readonly Readonly<Record<string, unknown>>[];
  /** Groups and schedules, as in canary.yaml. */
  readonly groups?: Readonly<Record<string, unknown>>;
  readonly schedules?: Readonly<Record<string, unknown>>;
}

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Stage {
  readonly pm2: PrivatePm2;
  /** CANARY_HOME. */
  readonly home: string;
  readonly configFile: string;
  /** Where the orchestrator and the proxy serve their metrics. */
  readonly metricsUrls: { readonly orchestrator: string; readonly proxy: string };
  /** The ports of a service. */
  ports(service: string): StagePorts;
  /** Where the agents of a service connect: the proxy. */
  url(service: string, path?: string): string;
  /** Runs `canary` as a process of its own. */
  canary(...args: readonly string[]): Promise<CliResult>;
  /** The newest rollout of a service. */
  rollout(service: string): Promise<RolloutView | null>;
  /** Waits until both processes answer. */
  ready(): Promise<void>;
  dispose(): Promise<void>;
}

export interface StagePorts {
  readonly listen: number;
  readonly stable: number;
  readonly canary: number;
}

/** Sets everything up and waits until it serves. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'canary-'));
  const configFile = join(home, 'canary.yaml');
  const env = { ...options.env, CANARY_HOME: home, CANARY_CONFIG: configFile };
  const pm2 = await startPrivatePm2(env);
  const stage = await prepare(options, { pm2, home, configFile });
  try {
    for (const app of options.apps) await startApp(pm2, app, stage.ports(app.name).stable);
    await pm2.pm2('start', ecosystemFile());
    await stage.ready();
    return stage;
  } catch (error) {
    await stage.dispose();
    throw error;
  }
}

interface Ground {
  readonly pm2: PrivatePm2;
  readonly home: string;
  readonly configFile: string;
}

async function prepare(options: StageOptions, ground: Ground): Promise<Stage> {
  const { apps, defaults, services, notify = [], groups = {}, schedules = {} } = options;
  const { pm2, home, configFile } = ground;
  const ports = new Map<string, StagePorts>();
  for (const { name } of apps) {
    const [listen, stable, canary] = [await freePort(), await freePort(), await freePort()];
    ports.set(name, { listen, stable, canary });
  }
  const portsOf = (service: string): StagePorts => {
    const found = ports.get(service);
    if (found === undefined) throw new Error(`the stage has no service ${service}`);
    return found;
  };
  const [orchestrator, proxy] = [await freePort(), await freePort()];
  const config = {
    pm2Home: pm2.home,
    orchestrator: { listen: orchestrator },
    proxy: { metrics: proxy },
    defaults,
    notify,
    groups,
    schedules,
    services: Object.fromEntries(
      apps.map(({ name }) => [name, { ...portsOf(name), ...services?.[name] }]),
    ),
  };
  writeFileSync(configFile, stringify(config));
  const canary = (...args: readonly string[]): Promise<CliResult> => runCli(pm2.env, home, args);
  return {
    pm2,
    home,
    configFile,
    metricsUrls: {
      orchestrator: `http://127.0.0.1:${orchestrator}/metrics`,
      proxy: `http://127.0.0.1:${proxy}/metrics`,
    },
    ports: portsOf,
    url: (service, path = '/mcp') => `http://127.0.0.1:${portsOf(service).listen}${path}`,
    canary,
    rollout: async (service) => {
      const { code, stdout, stderr } = await canary('status', service, '--json');
      if (code !== 0) throw new Error(stderr);
      return (JSON.parse(stdout) as ServiceView).rollout;
    },
    ready: () => untilReady(home),
    dispose: async () => {
      await pm2.dispose();
      if (options.home === undefined) rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function startApp(pm2: PrivatePm2, app: StageApp, port: number): Promise<void> {
  const file = join(pm2.dir, `${app.name}.json`);
  const entry = { ...app, env: { ...app.env, PORT: String(port) } };
  writeFileSync(file, JSON.stringify({ apps: [entry] }));
  await pm2.pm2('start', file);
}

async function untilReady(home: string): Promise<void> {
  const { controlSocket } = homeFrom({ CANARY_HOME: home });
  const deadlineMs = Date.now() + BOOT_TIMEOUT_MS;
  for (;;) {
    const request = { method: 'GET', path: '/v1/status', timeoutMs: BOOT_TIMEOUT_MS };
    const reply = await callUnix(controlSocket, request);
    const status = reply.kind === 'answered' ? (reply.body as StatusReply) : null;
    if (status?.pm2.up === true && status.proxy.up) return;
    if (Date.now() > deadlineMs)
      throw new Error(`not ready after ${BOOT_TIMEOUT_MS} ms: ${JSON.stringify(reply)}`);
    await delay(POLL_MS);
  }
}

function runCli(
  env: Readonly<Record<string, string>>,
  cwd: string,
  args: readonly string[],
): Promise<CliResult> {
  const script = join(packageRoot(), 'dist', 'orchestrator', 'cli', 'main.js');
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [script, ...args],
      { env: { ...env }, cwd, maxBuffer: 64 << 20 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ code, stdout, stderr });
      },
    );
  });
}
