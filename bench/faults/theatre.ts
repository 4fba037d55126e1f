/** A stage for one run: a server of all transports under a private PM2, and hands on everything that a fault befalls. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
import { instanceOf } from '../../orchestrator/proc/tree.js';
import type { RequestKind } from '../../orchestrator/rollout/rollout.js';
import { readRuns, type Runs } from '../proxy/runs.js';
import type { Target } from './fault.js';
import type { Scenario } from './scenario.js';

export const SERVICE = 'svc';
export const CANARY = `${SERVICE}-canary`;
/** The longest that a call waits for an instance, and for an answer. */
export const PATIENCE_MS = 8_000;
export const CALL_TIMEOUT_MS = 10_000;
const STATE_TIMEOUT_MS = 1_000;
const BACK_TIMEOUT_MS = 30_000;
const POLL_MS = 25;

const APPS: Readonly<Record<Exclude<Target, 'daemon'>, string>> = {
  main: SERVICE,
  canary: CANARY,
  orchestrator: 'canary-orchestrator',
  proxy: 'canary-proxy',
};

const SMOKE_SUITE = `calls:
  - tool: lookup
    arguments: { key: smoke, ms: 800 }
`;

export class Theatre {
  readonly stage: Stage;
  /** Holds the releases' folders `old` and `new`, and the file `runs`. */
  readonly dir: string;

  private constructor(stage: Stage, dir: string) {
    this.stage = stage;
    this.dir = dir;
  }

  /** Everything runs, and PM2's dump is saved as an operator saves it. */
  static async open({ smoke }: Scenario): Promise<Theatre> {
    const dir = mkdtempSync(join(tmpdir(), 'canary-run-'));
    for (const release of ['old', 'new']) mkdirSync(join(dir, release));
    const suite = join(dir, 'suite.yaml');
    writeFileSync(suite, SMOKE_SUITE);
    const stage = await openStage({
      apps: [
        {
          name: SERVICE,
          script: join(packageRoot(), 'dist', 'bench', 'proxy', 'fixture-server.js'),
          args: [join(dir, 'runs')],
          cwd: join(dir, 'old'),
          env: { RELEASE: 'old' },
        },
      ],
      defaults: SETTINGS,
      ...(smoke && { services: { [SERVICE]: { smoke: suite } } }),
    });
    await stage.pm2.pm2('save');
    return new Theatre(stage, dir);
  }

  async dispose(): Promise<void> {
    await this.stage.dispose();
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }

  /** The living process of a target, null without one. */
  pid(target: Target): number | null {
    const { pm2 } = this.stage;
    const pid = target === 'daemon' ? pm2.daemonPid() : pidOf(this.stage, APPS[target]);
    return pid !== null && instanceOf(pid) !== null ? pid : null;
  }

  look(): Promise<RolloutView | null> {
    return look(this.stage, SERVICE);
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

  /** When each call to `append` ran, by its key. */
  runs(): Runs {
    return readRuns(join(this.dir, 'runs'));
  }
}

const SETTINGS = {
  weight: '50%',
  window: '2500ms',
  interval: '250ms',
  bake: '1s',
  onInconclusive: 'extend',
  maxWindow: '20s',
  ready: '8s',
  drain: { calls: '1s', sessions: '1s' },
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
