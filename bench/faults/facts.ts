/** What is there when a run is over, as the machine shows it. */
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import Database from 'libsql';
import { homeFrom } from '../../common/home.js';
import type { Route } from '../../common/protocol.js';
import type { RolloutView } from '../../orchestrator/control/messages.js';
import { createPm2 } from '../../orchestrator/pm2/adapter.js';
import { portHolder } from '../../orchestrator/proc/ports.js';
import { instanceOf } from '../../orchestrator/proc/tree.js';
import { SERVICE, type Theatre } from './theatre.js';

/** A process as it was started. */
export interface ProcessFacts {
  readonly pid: number;
  /** The folder that it runs in, and its variable RELEASE: both say which release it is. */
  readonly cwd: string;
  readonly release: string | null;
  /** CANARY_ROLLOUT, which a canary's processes carry. */
  readonly mark: string | null;
  readonly script: string;
}

export interface Facts {
  /** The newest rollout as the orchestrator tells it; null: no answer. */
  readonly rollout: RolloutView | null;
  /** Who listens on main's port, and on the canary's. */
  readonly main: ProcessFacts | null;
  readonly onCanaryPort: number | null;
  /** PM2's apps by name: what it would start again. */
  readonly apps: readonly ListedApp[];
  /** All living processes below this PM2. */
  readonly processes: readonly ProcessFacts[];
  /** What the proxy says its route is, and what its database says. */
  readonly route: Route | null;
  readonly storedRoute: Route | null;
  readonly ports: { readonly stable: number; readonly canary: number };
  /** Sockets in the state folder. */
  readonly sockets: readonly string[];
  /** In PM2's dump: what a reboot would bring back. */
  readonly dumped: readonly ListedApp[];
}

export interface ListedApp {
  readonly name: string;
  readonly status: string;
  readonly pid: number | null;
  readonly cwd: string;
  readonly release: string | null;
}

const LIST_TIMEOUT_MS = 5_000;

/** Looks at everything. */
export async function gatherFacts(theatre: Theatre): Promise<Facts> {
  const { stage } = theatre;
  const ports = stage.ports(SERVICE);
  const main = portHolder(ports.stable);
  const state = await theatre.proxyState();
  return {
    rollout: await theatre.look(LIST_TIMEOUT_MS),
    main: main === null ? null : processFacts(main),
    onCanaryPort: portHolder(ports.canary),
    apps: await listedApps(stage.pm2.home),
    processes: stage.pm2.pids().flatMap((pid) => processFacts(pid) ?? []),
    route: state?.services[SERVICE]?.route ?? null,
    storedRoute: storedRoute(theatre),
    ports,
    sockets: readdirSync(stage.home).filter((name) =>
      statSync(join(stage.home, name), { throwIfNoEntry: false })?.isSocket(),
    ),
    dumped: dumpedApps(join(stage.pm2.home, 'dump.pm2')),
  };
}

/** Null: it is gone. */
function processFacts(pid: number): ProcessFacts | null {
  try {
    const environ = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    const valueOf = (key: string): string | null =>
      environ.find((entry) => entry.startsWith(`${key}=`))?.slice(key.length + 1) ?? null;
    if (instanceOf(pid) === null) return null;
    return {
      pid,
      cwd: basename(readlinkSync(`/proc/${pid}/cwd`)),
      release: valueOf('RELEASE'),
      mark: valueOf('CANARY_ROLLOUT'),
      script: readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim(),
    };
  } catch {
    return null;
  }
}

async function listedApps(home: string): Promise<readonly ListedApp[]> {
  const apps = await createPm2({ home, timeoutMs: LIST_TIMEOUT_MS }).list();
  if (apps.kind !== 'ok') return [];
  return apps.value.map(({ name, status, pid, spec }) => {
    return { name, status, pid, cwd: basename(spec.cwd), release: spec.env['RELEASE'] ?? null };
  });
}

interface Dumped {
  readonly name: string;
  readonly pm_cwd: string;
  readonly env: { readonly RELEASE?: string };
}

function dumpedApps(file: string): ListedApp[] {
  if (!existsSync(file)) return [];
  return (JSON.parse(readFileSync(file, 'utf8')) as Dumped[]).map(({ name, pm_cwd, env }) => {
    return { name, status: '', pid: null, cwd: basename(pm_cwd), release: env.RELEASE ?? null };
  });
}

function storedRoute({ stage, dir }: Theatre): Route | null {
  const { proxyStoreFile } = homeFrom({ CANARY_HOME: stage.home });
  const copy = join(dir, 'proxy.db');
  // The proxy shares its file with nobody.
  for (const suffix of ['', '-wal']) {
    rmSync(copy + suffix, { force: true });
    if (existsSync(proxyStoreFile + suffix)) copyFileSync(proxyStoreFile + suffix, copy + suffix);
  }
  const db = new Database(copy);
  try {
    const row = db.prepare('SELECT route FROM route WHERE service = ?').get(SERVICE) as
      { readonly route: string } | undefined;
    return row === undefined ? null : (JSON.parse(row.route) as Route);
  } finally {
    db.close();
  }
}
