/** The proxy is killed by SIGKILL under PM2, again and again: do the sessions outlive it? */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { homeFrom } from '../../common/home.js';
import type { ProxyState } from '../../common/protocol.js';
import { callUnix } from '../../common/unix-http.js';
import { openStage, type Stage } from '../../demo/stage.js';
import { Agent, KINDS, type FinishedCall, type Kind } from './agents.js';
import { ranTwice, readRuns } from './runs.js';

const SERVICE = 'mcp-fixture';
const SERVER = fileURLToPath(new URL('./fixture-server.js', import.meta.url));
const BACK_TIMEOUT_MS = 60_000;
const POLL_MS = 20;
/** A call whose event stream the proxy takes with it when it dies gets no answer. */
const HANG_MS = 10_000;
const BREATH_MS = 300;

export interface ProxyKills {
  readonly scene: 'proxy-kill';
  readonly rounds: number;
  readonly calls: number;
  readonly failed: number;
  /** Of these: those whose client gave up waiting, by its kind. */
  readonly hung: Readonly<Record<string, number>>;
  /** Calls to the tool that is not read-only that ran more than once. */
  readonly ranTwice: number;
  /** Sessions times kills. */
  readonly sessions: number;
  /** How many of them went on: a call succeeded after it, under the old session id if there is one. */
  readonly sessionsKept: number;
  /** From the kill until the new process listens. */
  readonly slowestStartMs: number;
}

/** Kills the proxy `rounds` times in front of `agents` agents that call without pause. */
export async function killProxies(rounds: number, agents: number): Promise<ProxyKills> {
  const app = { name: SERVICE, script: SERVER, args: ['runs'] };
  const stage = await openStage({ apps: [app], defaults: {} });
  try {
    const url = stage.url(SERVICE, '');
    const kinds = Array.from({ length: agents }, (_, i) => KINDS[i % KINDS.length] ?? 'v1-http');
    const crowd = await Promise.all(kinds.map((kind) => Agent.start(kind, url, HANG_MS)));
    const kept: number[] = [];
    const startsMs: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await delay(BREATH_MS);
      const ids = crowd.map(({ sessionId }) => sessionId);
      startsMs.push(await killProxy(stage));
      const wentOn = await Promise.all(crowd.map((agent, i) => goesOn(agent, ids[i])));
      kept.push(wentOn.filter(Boolean).length);
    }
    await Promise.all(crowd.map((agent) => agent.stop()));
    const calls = crowd.flatMap((agent) => agent.calls);
    return {
      scene: 'proxy-kill',
      rounds,
      calls: calls.length,
      failed: calls.filter(({ error }) => error !== null).length,
      hung: Object.fromEntries(KINDS.map((kind) => [kind, hungOf(kind, calls)])),
      ranTwice: ranTwice(readRuns(join(stage.pm2.dir, 'runs'))),
      sessions: rounds * agents,
      sessionsKept: kept.reduce((sum, n) => sum + n, 0),
      slowestStartMs: Math.round(Math.max(...startsMs)),
    };
  } finally {
    await stage.dispose();
  }
}

function hungOf(wanted: Kind, calls: readonly FinishedCall[]): number {
  return calls.filter(({ kind, isHung }) => isHung && kind === wanted).length;
}

/** Kills it, and waits until PM2's new process listens; gives how long that took. */
async function killProxy(stage: Stage): Promise<number> {
  const old = await stateOf(stage);
  if (old === null) throw new Error('the proxy does not answer');
  const killedAt = performance.now();
  process.kill(old.pid, 'SIGKILL');
  for (;;) {
    const state = await stateOf(stage);
    const isBack = state !== null && state.pid !== old.pid && state.services[SERVICE]?.listening;
    const ms = performance.now() - killedAt;
    if (isBack === true) return ms;
    if (ms > BACK_TIMEOUT_MS) throw new Error('PM2 did not bring the proxy back');
    await delay(POLL_MS);
  }
}

async function stateOf({ home }: Stage): Promise<ProxyState | null> {
  const request = { method: 'GET', path: '/v1/state', timeoutMs: 1_000 };
  const reply = await callUnix(homeFrom({ CANARY_HOME: home }).proxySocket, request);
  return reply.kind === 'answered' ? (reply.body as ProxyState) : null;
}

/** The agent's next call that succeeds does so under the session id it had. */
async function goesOn(agent: Agent, id: string | undefined): Promise<boolean> {
  const backAt = performance.now();
  const isWell = (): boolean =>
    agent.calls.some(({ startedAt, error }) => startedAt >= backAt && error === null);
  while (!isWell()) {
    if (performance.now() - backAt > BACK_TIMEOUT_MS) return false;
    await delay(POLL_MS);
  }
  return agent.sessionId === id;
}
