/**
 * The proxy is replaced while agents of every kind call without pause, and others connect without
 * pause: what do they notice?
 *
 *   node dist/bench/proxy/restarts.js [WAY] [TIMES] [AGENTS]
 *
 * The ways: `reload` (as `canary reload` does; by default), `restart` (SIGTERM, then a new process,
 * as `pm2 restart` does), `crash` (SIGKILL of the process that serves).
 *
 * Prints what was lost, for how long connections were refused, and what the holder takes. Exits with 1 when a call ran
 * twice or hung, an agent did not go on, or a connection was refused in a reload.
 */
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { named } from '../named.js';
import { Agent, KINDS } from './agents.js';
import { losses } from './losses.js';
import { Stage } from './stage.js';

const BREATH_MS = 1_000;
const CONNECT_EVERY_MS = 5;
const ANSWER_TIMEOUT_MS = 30_000;
const BACK_TIMEOUT_MS = 60_000;

/** Connects again and again, each time for one request. */
class Visitors {
  visits = 0;
  slowestMs = 0;
  /** When a visit that was not answered began, by `performance.now()`. */
  readonly refusedAt: number[] = [];
  private readonly port: number;
  private readonly underWay = new Set<Promise<void>>();
  private readonly timer: NodeJS.Timeout;

  constructor(port: number) {
    this.port = port;
    this.timer = setInterval(() => {
      const visit = this.visit();
      this.underWay.add(visit);
      void visit.finally(() => this.underWay.delete(visit));
    }, CONNECT_EVERY_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.underWay);
  }

  private async visit(): Promise<void> {
    const startedAt = performance.now();
    const isAnswered = await this.request();
    this.visits += 1;
    this.slowestMs = Math.max(this.slowestMs, performance.now() - startedAt);
    if (!isAnswered) this.refusedAt.push(startedAt);
  }

  private request(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1');
      let answer = '';
      socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy(new Error('no answer')));
      socket.on('connect', () =>
        socket.write('GET /nothing HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n'),
      );
      socket.on('data', (chunk) => (answer += chunk.toString()));
      socket.on('error', () => resolve(false));
      socket.on('close', () => resolve(answer.startsWith('HTTP/1.1 ')));
    });
  }
}

/** The longest time in which no visit in a row was answered, in each restart. */
function gapsMs(refusedAt: readonly number[]): number[] {
  const gaps: { from: number; to: number }[] = [];
  for (const at of [...refusedAt].sort((a, b) => a - b)) {
    const last = gaps.at(-1);
    if (last !== undefined && at - last.to < BREATH_MS / 2) last.to = at;
    else gaps.push({ from: at, to: at });
  }
  return gaps.map(({ from, to }) => Math.round(to - from));
}

const WAYS = {
  reload: (on: Stage) => on.reloadProxy(),
  restart: (on: Stage) => on.restartProxy(),
  crash: (on: Stage) => on.crashProxy(),
};

const NAMES = Object.keys(WAYS) as (keyof typeof WAYS)[];
const way = named('way', process.argv[2] ?? 'reload', NAMES);
const replace = WAYS[way];
const times = Number(process.argv[3] ?? 10);
const size = Number(process.argv[4] ?? 16);
const stage = await Stage.open();
try {
  const kinds = Array.from({ length: size }, (_, i) => KINDS[i % KINDS.length] ?? 'v1-http');
  const agents = await Promise.all(kinds.map((kind) => Agent.start(kind, stage.url)));
  const visitors = new Visitors(Number(new URL(stage.url).port));
  for (let i = 0; i < times; i += 1) {
    await delay(BREATH_MS);
    await replace(stage);
  }
  const backAt = performance.now();
  const hasGoneOn = ({ calls }: Agent): boolean =>
    calls.some(({ startedAt, error }) => startedAt >= backAt && error === null);
  while (!agents.every(hasGoneOn) && performance.now() - backAt < BACK_TIMEOUT_MS)
    await delay(BREATH_MS);
  const wentOn = agents.filter(hasGoneOn).length;
  await Promise.all(agents.map((agent) => agent.stop()));
  await visitors.stop();
  const calls = agents.flatMap((agent) => agent.calls);
  const seen = losses({
    scene: way,
    rounds: times,
    calls,
    kills: [],
    runs: stage.runs(),
  });
  const { visits, refusedAt } = visitors;
  const refused = refusedAt.length;
  const slowestVisitMs = Math.round(visitors.slowestMs);
  const report = {
    ...seen,
    wentOn,
    holderBytes: stage.holderRssBytes,
    visits,
    refused,
    slowestVisitMs,
    gapsMs: gapsMs(refusedAt),
  };
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  const lost = seen.hung + seen.ranTwice + (way === 'reload' ? refused : 0);
  process.exitCode = lost === 0 && wentOn === size ? 0 : 1;
} finally {
  await stage.close();
}
