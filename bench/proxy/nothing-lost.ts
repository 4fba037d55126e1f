/**
 * Agents of every kind call without pause while releases come and go: what do they notice?
 *
 *   node dist/bench/proxy/nothing-lost.js [ROUNDS] [AGENTS] [SCENE]
 *
 * Prints a table and exits with 1 when something was lost that must not be.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Agent, KINDS, type FinishedCall } from './agents.js';
import { Stage } from './stage.js';

/** A call that lasts longer than this after a kill has not been answered in time. */
const ANSWER_MS = 2_000;
const HANG_MS = 10_000;
const BREATH_MS = 150;

export interface Losses {
  readonly scene: string;
  readonly rounds: number;
  readonly calls: number;
  readonly failed: number;
  readonly hung: number;
  /** Failed calls to the read-only tool. */
  readonly failedLookups: number;
  /** Calls to the other tool that ran more than once. */
  readonly ranTwice: number;
  /** Calls that lasted longer than 2 s. */
  readonly late: number;
  readonly slowestMs: number;
  readonly lateKinds: readonly string[];
  readonly errors: readonly string[];
}

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

/** Main is killed and comes back, and there is nobody else. */
async function restart(stage: Stage): Promise<void> {
  await stage.killInstance('stable');
  await stage.startInstance('stable');
  await delay(BREATH_MS);
}

export const SCENES = { promotion, rollback, crash, restart };

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
    return summary(name, rounds, calls, stage.runs());
  } finally {
    await stage.close();
  }
}

function summary(
  scene: string,
  rounds: number,
  calls: readonly FinishedCall[],
  runs: ReadonlyMap<string, number>,
): Losses {
  const failed = calls.filter(({ error }) => error !== null);
  const lasted = calls.map(({ startedAt, endedAt }) => endedAt - startedAt);
  return {
    scene,
    rounds,
    calls: calls.length,
    failed: failed.length,
    hung: lasted.filter((ms) => ms > HANG_MS).length,
    failedLookups: failed.filter(({ tool }) => tool === 'lookup').length,
    ranTwice: [...runs.values()].filter((times) => times > 1).length,
    late: lasted.filter((ms) => ms > ANSWER_MS).length,
    slowestMs: Math.round(lasted.reduce((a, b) => Math.max(a, b), 0)),
    lateKinds: [
      ...new Set(
        calls
          .filter((call) => call.endedAt - call.startedAt > ANSWER_MS)
          .map(({ kind, tool }) => `${kind} ${tool}`),
      ),
    ],
    errors: [...new Set(failed.map(({ kind, tool, error }) => `${kind} ${tool}: ${error ?? ''}`))],
  };
}

/** What a planned change may cost is nothing; a crash, the calls that cannot be repeated. */
export function isAcceptable({
  scene,
  failed,
  failedLookups,
  hung,
  ranTwice,
  late,
}: Losses): boolean {
  if (hung > 0 || ranTwice > 0) return false;
  if (scene === 'promotion' || scene === 'rollback') return failed === 0;
  return failedLookups === 0 && (scene === 'restart' || late === 0);
}

async function main(): Promise<void> {
  const rounds = Number(process.argv[2] ?? 20);
  const agents = Number(process.argv[3] ?? 30);
  const wanted = process.argv[4];
  for (const name of Object.keys(SCENES) as (keyof typeof SCENES)[]) {
    if (wanted !== undefined && wanted !== name) continue;
    const losses = await play(name, rounds, agents);
    process.stdout.write(`${JSON.stringify(losses)}\n`);
    if (!isAcceptable(losses)) process.exitCode = 1;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
