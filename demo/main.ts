/**
 * `npm run demo`: the main job for real, in a temporary folder. A private PM2 runs a real MCP
 * server behind the proxy, agents call it, and three releases come one after the other: a good
 * one, one whose tool fails, and one that leaks. Exits 0 only if all went as they should.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { packageRoot } from '../common/package.js';
import { duration, megabytes, percent } from '../orchestrator/cli/format.js';
import type { RolloutView, TrackView } from '../orchestrator/control/messages.js';
import { startAgents, type Agents } from './agents.js';
import { openStage, type Stage } from './stage.js';
import { EVERYTHING } from './everything.js';

const SERVICE = 'mcp-everything';
const LINE_EVERY_MS = 3_000;
const POLL_MS = 400;
const SCENE_TIMEOUT_MS = 90_000;

interface Scene {
  readonly title: string;
  readonly env: string;
  readonly expected: 'promoted' | 'rolled-back';
  /** The check that must have decided; null when none did. */
  readonly check: string | null;
}

const fault = (name: string): string =>
  `NODE_OPTIONS=--import=${join(packageRoot(), 'demo', 'faults', name)}`;

const SCENES: readonly Scene[] = [
  { title: 'a good release', env: 'RELEASE=good', expected: 'promoted', check: null },
  {
    title: 'a release whose tool fails',
    env: fault('failing-tool.mjs'),
    expected: 'rolled-back',
    check: 'errors',
  },
  {
    title: 'a release that leaks',
    env: fault('leak.mjs'),
    expected: 'rolled-back',
    check: 'memory',
  },
];

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const stage = await open();
const interrupted = new AbortController();
const leaving = (): boolean => interrupted.signal.aborted;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interrupted.abort());
}

const beganMs = Date.now();
const agents = startAgents({
  url: stage.url(SERVICE),
  agents: 12,
  callsPerSession: 10,
  pauseMs: 60,
});
const results: string[] = [];
let good = true;
try {
  for (const scene of SCENES) {
    if (leaving()) break;
    const ended = await play(stage, agents, scene);
    const right =
      ended?.phase === scene.expected &&
      (scene.check === null || decidingCheck(ended) === scene.check);
    good &&= right;
    results.push(
      `${right ? 'as it should' : 'NOT as it should'}: ${scene.title} was ${ended?.phase ?? 'not finished'} (${ended?.reason ?? 'interrupted'})`,
    );
  }
} finally {
  await agents.stop();
  await stage.dispose();
}
const unharmed = summary(agents);
process.exitCode = good && unharmed && !leaving() ? 0 : 1;

async function open(): Promise<Stage> {
  say('Setting up a private PM2, a real MCP server, canary-proxy and canary-orchestrator ...');
  const opened = await openStage({
    apps: [{ name: SERVICE, script: EVERYTHING, args: ['streamableHttp'] }],
    defaults: {
      weight: '50%',
      window: '20s',
      interval: '1s',
      bake: '4s',
      ready: '20s',
      drain: { calls: '5s', sessions: '5s' },
      limits: { memory: '400MB' },
      minimum: { calls: 100, sessions: 10 },
    },
  });
  say(`Agents reach ${SERVICE} at ${opened.url(SERVICE)}; nothing else changes for them.`);
  return opened;
}

/** Starts a canary and shows it until it is over. Null when it was interrupted or took too long. */
async function play(on: Stage, agents: Agents, scene: Scene): Promise<RolloutView | null> {
  say(`\n== ${scene.title}`);
  say(`$ canary start ${SERVICE} --env ${scene.env}`);
  const started = await on.canary('start', SERVICE, '--env', scene.env);
  if (started.code !== 0) throw new Error(started.stderr);
  const deadlineMs = Date.now() + SCENE_TIMEOUT_MS;
  let printed = 0;
  let lineAtMs = 0;
  while (!leaving() && Date.now() < deadlineMs) {
    const view = await on.rollout(SERVICE);
    if (view === null) continue;
    for (const { to, stage: part, reason } of view.transitions.slice(printed)) {
      say(`  ${to}${part === null ? '' : ` (${part})`}: ${reason}`);
    }
    printed = view.transitions.length;
    if (view.endedAtMs !== null) return view;
    if (Date.now() - lineAtMs >= LINE_EVERY_MS) {
      lineAtMs = Date.now();
      showNumbers(view, agents);
    }
    await delay(POLL_MS);
  }
  return null;
}

function showNumbers({ tracks, assessment }: RolloutView, { tally }: Agents): void {
  if (tracks === null) return;
  const part = (name: string, track: TrackView): string =>
    `${name} ${percent(track.weight)} ${track.calls} calls ${track.errors} errors ${megabytes(track.rssBytes)}`;
  const verdict = assessment === null ? '' : ` | ${assessment.verdict}`;
  say(
    `    ${part('stable', tracks.stable)} | ${part('canary', tracks.canary)} | agents: ${tally.ok} ok, ${tally.failures.length} failed${verdict}`,
  );
}

function decidingCheck({ transitions }: RolloutView): string | null {
  return transitions.find(({ to }) => to === 'rolling-back')?.assessment?.check ?? null;
}

function summary({ tally }: Agents): boolean {
  say(`\n== summary, after ${duration(Date.now() - beganMs)}`);
  for (const result of results) say(`  ${result}`);
  say(
    `  agents: ${tally.sessions} sessions, ${tally.ok} calls answered, ${tally.toolErrors} tool errors from the bad release, ${tally.failures.length} calls failed`,
  );
  for (const failure of new Set(tally.failures.slice(0, 5))) say(`    ${failure}`);
  return tally.failures.length === 0;
}
