/** What agents lost while releases came and went, out of the books they kept. Pure. */
import type { FinishedCall } from './agents.js';

/** A call under way at a kill must be answered within. */
const ANSWER_MS = 2_000;

/** What happened in front of the agents. */
export interface Played {
  readonly scene: string;
  readonly rounds: number;
  readonly calls: readonly FinishedCall[];
  /** When something was killed by SIGKILL, by `performance.now()`. */
  readonly kills: readonly number[];
  /** How often each call to the tool that is not read-only has run, by its key. */
  readonly runs: ReadonlyMap<string, number>;
}

export interface Losses {
  readonly scene: string;
  readonly rounds: number;
  readonly calls: number;
  readonly failed: number;
  /** Calls without an answer until their client gave up. */
  readonly hung: number;
  /** Failed calls to the read-only tool. */
  readonly failedLookups: number;
  /** Calls to the other tool that ran more than once. */
  readonly ranTwice: number;
  /** Calls that were under way at a kill. */
  readonly atKill: number;
  /** Of those to the tool that is not read-only: answered later than 2 s after it. */
  readonly late: number;
  readonly slowestAfterKillMs: Readonly<Record<FinishedCall['tool'], number>>;
  readonly slowestMs: number;
  readonly errors: readonly string[];
}

/** Adds up what the agents saw. */
export function losses({ scene, rounds, calls, kills, runs }: Played): Losses {
  const failed = calls.filter(({ error }) => error !== null);
  const afterKill = calls.flatMap(({ tool, startedAt, endedAt }) =>
    kills
      .filter((at) => startedAt <= at && at <= endedAt)
      .map((at) => ({ tool, ms: endedAt - at })),
  );
  const msOf = (wanted: string): number[] =>
    afterKill.filter(({ tool }) => tool === wanted).map(({ ms }) => ms);
  return {
    scene,
    rounds,
    calls: calls.length,
    failed: failed.length,
    hung: calls.filter(({ isHung }) => isHung).length,
    failedLookups: failed.filter(({ tool }) => tool === 'lookup').length,
    ranTwice: [...runs.values()].filter((times) => times > 1).length,
    atKill: afterKill.length,
    late: msOf('append').filter((ms) => ms > ANSWER_MS).length,
    slowestAfterKillMs: { lookup: slowest(msOf('lookup')), append: slowest(msOf('append')) },
    slowestMs: slowest(calls.map(({ startedAt, endedAt }) => endedAt - startedAt)),
    errors: [...new Set(failed.map(({ kind, tool, error }) => `${kind} ${tool}: ${error ?? ''}`))],
  };
}

function slowest(ms: readonly number[]): number {
  return Math.round(ms.reduce((a, b) => Math.max(a, b), 0));
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
