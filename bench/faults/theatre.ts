/** A stage for one run: a server of all transports under a private PM2, and hands on everything that a fault befalls. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { homeFrom } from '../../common/home.js';
import { packageRoot } from '../../common/package.js';
import { proxyStateSchema, type ProxyState } from '../../common/protocol.js';
import { callUnix } from '../../common/unix-http.js';
import { look, order, pidOf } from '../../demo/control.js';
import { openStage, type Stage } from '../../demo/stage.js';
import type { RolloutView, StartRequest } from '../../orchestrator/control/messages.js';
import { portHolder } from '../../orchestrator/proc/ports.js';
import { instanceOf, treePids } from '../../orchestrator/proc/tree.js';
import type { RequestKind } from '../../orchestrator/rollout/rollout.js';
import { readRuns, type Runs } from '../proxy/runs.js';
import type { FaultKind, Target } from './fault.js';
import type { Scenario } from './scenario.js';

export const SERVICE = 'svc';
export const CANARY = `${SERVICE}-canary`;
/** The longest that a call waits for an instance, and for an answer. */
export const PATIENCE_MS = 12_000;
export const CALL_TIMEOUT_MS = 20_000;
const STATE_TIMEOUT_MS = 1_000;
const BACK_TIMEOUT_MS = 30_000;
const POLL_MS = 25;
/** More than the two databases and their logs take. */
const DISK_BYTES = 32 << 20;

const APPS: Readonly<Record<Exclude<Target, 'daemon' | 'proxy'>, string>> = {
  main: SERVICE,
  canary: CANARY,
  orchestrator: 'canary-orchestrator',
  holder: 'canary-proxy',
};

const SMOKE_SUITE = `calls:
  - tool: lookup
    arguments: { key: smoke, ms: 800 }
`;

/** What a theatre is made of. */
interface Ground {
  /** Holds the releases' folders `old` and `new`, the file `runs`, and what the preloaded modules read. */
  readonly dir: string;
  /** The state folder. */
  readonly home: string;
  /** The state folder is a small file system of its own. */
  readonly ownDisk: boolean;
}

export class Theatre {
  readonly stage: Stage;
  readonly ownDisk: boolean;
  /** Holds the releases' folders, the file `runs`, and what the preloaded modules read. */
  readonly dir: string;

  private constructor(stage: Stage, { dir, ownDisk }: Ground) {
    this.stage = stage;
    this.dir = dir;
    this.ownDisk = ownDisk;
  }

  /** Everything runs, and PM2's dump is saved as an operator saves it. */
  static async open(scenario: Scenario): Promise<Theatre> {
    const ground = layGround(scenario);
    const { dir, home } = ground;
    const suite = join(dir, 'suite.yaml');
    writeFileSync(suite, SMOKE_SUITE);
    const preloads = preloadsFor(scenario, dir);
    const stage = await openStage({
      home,
      env: preloads.everywhere,
      apps: [
        {
          name: SERVICE,
          script: join(packageRoot(), 'dist', 'bench', 'proxy', 'fixture-server.js'),
          args: [join(dir, 'runs')],
          cwd: join(dir, 'old'),
          env: { RELEASE: 'old', ...preloads.ofMain },
        },
      ],
      defaults: SETTINGS,
      ...(scenario.smoke && { services: { [SERVICE]: { smoke: suite } } }),
    });
    await stage.pm2.pm2('save');
    const { stable } = stage.ports(SERVICE);
    await until(() => portHolder(stable) !== null, BACK_TIMEOUT_MS);
    return new Theatre(stage, ground);
  }

  async dispose(): Promise<void> {
    await this.stage.dispose();
    if (this.ownDisk) spawnSync('umount', ['-l', this.stage.home]);
    for (const folder of [this.dir, this.stage.home])
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** What `preload/clock.mjs` shifts all clocks by, and how `preload/upstream.mjs` makes main answer. */
  get clockFile(): string {
    return join(this.dir, 'clock');
  }

  get upstreamFile(): string {
    return join(this.dir, 'upstream');
  }

  /** What a machine does after its start: PM2, and the apps of its dump. */
  async resurrect(): Promise<void> {
    const { pm2 } = this.stage;
    if (pm2.daemonPid() === null) await pm2.startDaemon();
    // It fails when one of many apps does; what came of it is seen.
    await pm2.pm2('resurrect').catch(() => undefined);
  }

  /** The living process of a target, null without one. */
  pid(target: Target): number | null {
    const pid = this.lastPid(target);
    return pid !== null && instanceOf(pid) !== null ? pid : null;
  }

  private lastPid(target: Target): number | null {
    if (target === 'daemon') return this.stage.pm2.daemonPid();
    if (target !== 'proxy') return pidOf(this.stage, APPS[target]);
    const holder = pidOf(this.stage, APPS.holder);
    return holder === null ? null : (treePids(holder)[1] ?? null);
  }

  look(timeoutMs?: number): Promise<RolloutView | null> {
    return look(this.stage, SERVICE, timeoutMs);
  }

  /** Begins the rollout of `new`. */
  async start(release: Scenario['release']): Promise<void> {
    const bad = join(packageRoot(), 'bench', 'faults', 'releases', `${release}.mjs`);
    const env = { RELEASE: 'new', ...(release !== 'good' && { NODE_OPTIONS: `--import=${bad}` }) };
    const request: StartRequest = { release: { cwd: join(this.dir, 'new'), env }, dryRun: false };
    const reply = await order(this.stage, SERVICE, 'start', request);
    if (reply.kind === 'answered' && reply.status === 201) return;
    throw new Error(`the rollout did not start: ${JSON.stringify(reply)}`);
  }

  /** A person's order; true when it was taken. */
  async steer(kind: RequestKind): Promise<boolean> {
    const reply = await order(this.stage, SERVICE, kind, { reason: null });
    return reply.kind === 'answered' && reply.status === 200;
  }

  async proxyState(): Promise<ProxyState | null> {
    const { proxySocket } = homeFrom({ CANARY_HOME: this.stage.home });
    const request = { method: 'GET', path: '/v1/state', timeoutMs: STATE_TIMEOUT_MS };
    const reply = await callUnix(proxySocket, request);
    if (reply.kind !== 'answered') return null;
    const parsed = proxyStateSchema.safeParse(reply.body);
    return parsed.success ? parsed.data : null;
  }

  /** Waits until a proxy other than that process listens. */
  async untilServing(before: number | null): Promise<void> {
    await until(async () => {
      const state = await this.proxyState();
      return state !== null && state.pid !== before && state.services[SERVICE]?.listening === true;
    }, BACK_TIMEOUT_MS);
  }

  /** When the new release ended by its own fault. Unix milliseconds. */
  deaths(): readonly number[] {
    const file = join(this.dir, 'new', 'deaths');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').map(Number) : [];
  }

  /** When each call to `append` ran, by its key. */
  runs(): Runs {
    return readRuns(join(this.dir, 'runs'));
  }
}

/** A full disk can only be had on one of the stage's own (mount(8), which takes root). */
function layGround({ injections }: Scenario): Ground {
  const dir = mkdtempSync(join(tmpdir(), 'canary-run-'));
  for (const release of ['old', 'new']) mkdirSync(join(dir, release));
  const home = mkdtempSync(join(tmpdir(), 'canary-'));
  const wanted = injections.some(({ fault }) => fault.kind === 'full-disk');
  const mount = ['-t', 'tmpfs', '-o', `size=${DISK_BYTES},mode=700`, 'canary-faults', home];
  return { dir, home, ownDisk: wanted && spawnSync('mount', mount).status === 0 };
}

/** Only a scenario that needs them has modules preloaded; a bad release of main replaces its own. */
function preloadsFor({ injections }: Scenario, dir: string) {
  const has = (kind: FaultKind): boolean => injections.some(({ fault }) => fault.kind === kind);
  const module = (name: string): string =>
    `--import=${join(packageRoot(), 'bench', 'faults', 'preload', `${name}.mjs`)}`;
  const clock = has('clock') ? [module('clock')] : [];
  const upstream = has('upstream') ? [module('upstream')] : [];
  const options = (modules: readonly string[]) =>
    modules.length === 0 ? null : { NODE_OPTIONS: modules.join(' ') };
  return {
    everywhere: { CLOCK_FILE: join(dir, 'clock'), ...options(clock) },
    ofMain: { UPSTREAM_FILE: join(dir, 'upstream'), ...options([...clock, ...upstream]) },
  };
}

const SETTINGS = {
  weight: '50%',
  window: '2500ms',
  interval: '250ms',
  bake: '1s',
  onInconclusive: 'extend',
  maxWindow: '20s',
  ready: '8s',
  drain: { calls: '3s', sessions: '3s' },
  minimum: { calls: 5, sessions: 1 },
  limits: { latency: { warmUp: '1h' } },
  patience: `${PATIENCE_MS}ms`,
  callTimeout: `${CALL_TIMEOUT_MS}ms`,
};

/** Polls until `condition` gives something other than null or false; null when the time is up. */
export async function until<T>(
  condition: () => T | null | false | Promise<T | null | false>,
  timeoutMs: number,
): Promise<T | null> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const seen = await condition();
    if (seen !== null && seen !== false) return seen;
    if (performance.now() > deadlineMs) return null;
    await delay(POLL_MS);
  }
}
