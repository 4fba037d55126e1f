/**
 * Agents of every kind call without pause while releases come and go: what do they notice?
 *
 *   node dist/bench/proxy/nothing-lost.js [ROUNDS] [AGENTS] [SCENE]
 *
 * Prints a table and exits with 1 when something was lost that must not be.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { named } from '../named.js';
import { Agent, KINDS } from './agents.js';
import { isAcceptable, losses, type Losses } from './losses.js';
import { killProxies } from './proxy-kills.js';
import { Stage } from './stage.js';

const BREATH_MS = 150;
const KILL_EVERY_MS = 3_000;
/** A scene with books of its own. */
const PROXY_KILL = 'proxy-kill';

type Scene = (stage: Stage) => Promise<void>;

/** Main is restarted in place while the canary carries the traffic. */
async function promotion(stage: Stage): Promise<void> {
  await stage.startInstance('canary');
  await stage.route(0.1);
  await delay(BREATH_MS);
  await stage.route(1, 'stable');
  await stage.untilEmpty('stable');
  await stage.killInstance('stable', 'SIGTERM');
  await stage.startInstance('stable');
  await stage.route(0, 'canary');
  await stage.untilEmpty('canary');
  await stage.killInstance('canary', 'SIGTERM');
  await stage.route(null);
}

/** The canary is emptied and removed. */
async function rollback(stage: Stage): Promise<void> {
  await stage.startInstance('canary');
  // All leave stable for a moment, so that many have something to come back from.
  await stage.route(1, 'stable');
  await stage.untilEmpty('stable');
  await stage.route(0.5);
  await delay(BREATH_MS);
  await stage.route(0, 'canary');
  await stage.untilEmpty('canary');
  await stage.killInstance('canary', 'SIGTERM');
  await stage.route(null);
}

/** The canary dies with all sessions on it. */
async function crash(stage: Stage): Promise<void> {
  await stage.startInstance('canary');
  await stage.route(1, 'stable');
  await stage.untilEmpty('stable');
  await stage.route(0.5);
  await delay(BREATH_MS);
  await stage.killInstance('canary');
  await delay(BREATH_MS);
  await stage.route(null);
}

/** Main is killed every 3 s and comes back, and there is nobody else. */
async function restart(stage: Stage): Promise<void> {
  // All have called by then, so that the kill is in the middle of calls.
  await delay(BREATH_MS);
  const nextAt = performance.now() + KILL_EVERY_MS;
  await stage.killInstance('stable');
  await stage.startInstance('stable');
  await delay(Math.max(0, nextAt - performance.now()));
}

const SCENES = { promotion, rollback, crash, restart };

/** Plays a scene `rounds` times in front of `agents` agents. */
export async function play(
  name: keyof typeof SCENES,
  rounds: number,
  agents: number,
): Promise<Losses> {
  const scene: Scene = SCENES[name];
  const stage = await Stage.open();
  try {
    const kinds = Array.from({ length: agents }, (_, i) => KINDS[i % KINDS.length] ?? 'v1-http');
    const crowd = await Promise.all(kinds.map((kind) => Agent.start(kind, stage.url)));
    for (let round = 0; round < rounds; round += 1) {
      await scene(stage);
      await delay(BREATH_MS);
    }
    await Promise.all(crowd.map((agent) => agent.stop()));
    const calls = crowd.flatMap((agent) => agent.calls);
    return losses({ scene: name, rounds, calls, kills: stage.kills, runs: stage.runs() });
  } finally {
    await stage.close();
  }
}

async function main(): Promise<void> {
  const rounds = Number(process.argv[2] ?? 20);
  const agents = Number(process.argv[3] ?? 30);
  const names = Object.keys(SCENES) as (keyof typeof SCENES)[];
  const asked = process.argv[4];
  const wanted = asked === undefined ? null : named('scene', asked, [...names, PROXY_KILL]);
  const isWanted = (name: string): boolean => wanted === null || wanted === name;
  for (const name of names) {
    if (!isWanted(name)) continue;
    const lost = await play(name, rounds, agents);
    process.stdout.write(`${JSON.stringify(lost)}\n`);
    if (!isAcceptable(lost)) process.exitCode = 1;
  }
  if (!isWanted(PROXY_KILL)) return;
  const kept = await killProxies(rounds, agents);
  process.stdout.write(`${JSON.stringify(kept)}\n`);
  if (kept.sessionsKept < kept.sessions || kept.ranTwice > 0) process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
