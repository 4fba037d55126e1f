/** The proxy as a process, with two instances behind it, and a hand on its routes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { homeFrom } from '../../common/home.js';
import type { ProxyState, Route, ServiceState } from '../../common/protocol.js';
import { callUnix } from '../../common/unix-http.js';
import { freePort } from '../../demo/free-port.js';
import { rssBytes, start, type Running } from './processes.js';
import { readRuns, type Runs } from './runs.js';

const SERVICE = 'svc';
const DIST = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/(dist\/)?$/, '/dist/');
/** On a busy machine all takes its time. */
const EMPTY_TIMEOUT_MS = 60_000;
const ADMIN_TIMEOUT_MS = 30_000;
const REPLACE_TIMEOUT_MS = 60_000;

export class Stage {
  readonly url: string;
  /** When an instance was killed by SIGKILL, by `performance.now()`. */
  readonly kills: number[] = [];
  private readonly dir: string;
  private readonly ports: {
    readonly listen: number;
    readonly stable: number;
    readonly canary: number;
  };
  private proxy: Running | null = null;
  private readonly instances: { stable: Running | null; canary: Running | null } = {
    stable: null,
    canary: null,
  };

  private constructor(dir: string, ports: Stage['ports']) {
    this.dir = dir;
    this.ports = ports;
    this.url = `http://127.0.0.1:${ports.listen}`;
  }

  /** Stable and the proxy in front of it are up. */
  static async open(): Promise<Stage> {
    const dir = mkdtempSync(join(tmpdir(), 'canary-stage-'));
    const ports = { listen: await freePort(), stable: await freePort(), canary: await freePort() };
    const metrics = await freePort();
    const service = `listen: ${ports.listen}, stable: ${ports.stable}, canary: ${ports.canary}`;
    const config = `proxy: { metrics: ${metrics} }\nservices:\n  ${SERVICE}: { ${service} }\n`;
    writeFileSync(join(dir, 'canary.yaml'), config);
    const stage = new Stage(dir, ports);
    await stage.startInstance('stable');
    await stage.startProxy();
    return stage;
  }

  async startProxy(): Promise<void> {
    const env = { CANARY_HOME: this.dir };
    const args = [`${DIST}proxy/main.js`, '--config', join(this.dir, 'canary.yaml')];
    this.proxy = await start({ command: process.execPath, args, env, port: this.ports.listen });
  }

  /** As `pm2 restart` does: the old one drains and ends, then the new one starts. */
  async restartProxy(): Promise<void> {
    await this.proxy?.end('SIGTERM');
    await this.startProxy();
  }

  /** What the process that holds the proxy's ports takes, without its worker. */
  get holderRssBytes(): number {
    return this.proxy === null ? 0 : rssBytes([this.proxy.pid]);
  }

  /** As `canary reload` does; resolves when the new process listens. */
  async reloadProxy(): Promise<void> {
    const { pid } = await this.proxyState();
    await this.admin('POST', '/v1/reload');
    await this.untilReplaced(pid);
  }

  /** Kills the process that serves, whose holder starts another. */
  async crashProxy(): Promise<void> {
    const { pid } = await this.proxyState();
    process.kill(pid, 'SIGKILL');
    await this.untilReplaced(pid);
  }

  private async untilReplaced(before: number): Promise<void> {
    const deadline = Date.now() + REPLACE_TIMEOUT_MS;
    for (;;) {
      const now = await this.proxyState().catch(() => null);
      if (now !== null && now.pid !== before && now.services[SERVICE]?.listening === true) return;
      if (Date.now() > deadline) throw new Error('no other proxy listens');
      await delay(10);
    }
  }

  async startInstance(track: 'stable' | 'canary'): Promise<void> {
    const port = this.ports[track];
    const args = [`${DIST}bench/proxy/fixture-server.js`, this.runsFile];
    const env = { PORT: String(port) };
    this.instances[track] = await start({ command: process.execPath, args, env, port });
  }

  async killInstance(
    track: 'stable' | 'canary',
    signal: NodeJS.Signals = 'SIGKILL',
  ): Promise<void> {
    if (signal === 'SIGKILL') this.kills.push(performance.now());
    await this.instances[track]?.end(signal);
  }

  /** Sets the canary's weight; `drained` is the track that is emptied. Null: no canary at all. */
  async route(canaryWeight: number | null, drained?: 'stable' | 'canary'): Promise<void> {
    const host = '127.0.0.1';
    const { stable, canary } = this.ports;
    const weight = canaryWeight ?? 0;
    const route: Route = {
      tracks: {
        stable: { host, port: stable, weight: 1 - weight, drain: drained === 'stable' },
        ...(canaryWeight !== null && {
          canary: { host, port: canary, weight, drain: drained === 'canary' },
        }),
      },
    };
    await this.admin('PUT', `/v1/services/${SERVICE}/route`, route);
  }

  /** Waits until nothing of the track is left, as the orchestrator does before it stops a process. */
  async untilEmpty(track: 'stable' | 'canary'): Promise<void> {
    const deadline = Date.now() + EMPTY_TIMEOUT_MS;
    for (;;) {
      const { inFlight, streams, sessions } = (await this.state()).tracks[track];
      if (inFlight + streams + sessions === 0) return;
      if (Date.now() > deadline)
        throw new Error(
          `${track} is not empty: ${JSON.stringify({ inFlight, streams, sessions })}`,
        );
      await delay(10);
    }
  }

  async state(): Promise<ServiceState> {
    const state = (await this.proxyState()).services[SERVICE];
    if (state === undefined) throw new Error(`the proxy has no service ${SERVICE}`);
    return state;
  }

  private async proxyState(): Promise<ProxyState> {
    return (await this.admin('GET', '/v1/state')) as ProxyState;
  }

  runs(): Runs {
    return readRuns(this.runsFile);
  }

  async close(): Promise<void> {
    await this.proxy?.end('SIGTERM');
    await Promise.all([this.killInstance('stable'), this.killInstance('canary')]);
    rmSync(this.dir, { recursive: true, force: true });
  }

  private get runsFile(): string {
    return join(this.dir, 'runs');
  }

  private async admin(method: string, path: string, body?: unknown): Promise<unknown> {
    const { proxySocket } = homeFrom({ CANARY_HOME: this.dir });
    const reply = await callUnix(proxySocket, { method, path, body, timeoutMs: ADMIN_TIMEOUT_MS });
    if (reply.kind === 'unreachable') throw new Error(reply.reason);
    if (reply.status !== 200) throw new Error(JSON.stringify(reply.body));
    return reply.body;
  }
}
