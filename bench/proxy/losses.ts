/** What agents lost while releases came and went, out of the books they kept. Pure. */
import type { FinishedCall } from './agents.js';
import { ranTwice, type Runs } from './runs.js';

/** A call that ran on an instance that is killed must be answered within. */
const ANSWER_MS = 2_000;
/** For how long a call waits for an instance by default (`patience`). */
const PATIENCE_MS = 10_000;

/** What happened in front of the agents. */
export interface Played {
  readonly scene: string;
  readonly rounds: number;
  readonly calls: readonly FinishedCall[];
  /** When something was killed by SIGKILL, by `performance.now()`. */
  readonly kills: readonly number[];
  readonly runs: Runs;
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
  /** Of those to the tool that is not read-only: what had run on the instance that was killed. */
  readonly lost: number;
  /** Of these: answered later than 2 s after the kill. */
  readonly late: number;
  readonly slowestLostMs: number;
  readonly slowestMs: number;
  readonly errors: readonly string[];
}

/** Adds up what the agents saw. */
export function losses({ scene, rounds, calls, kills, runs }: Played): Losses {
  const failed = calls.filter(({ error }) => error !== null);
  const lostMs = calls.flatMap((call) => msAfterLoss(call, kills, runs));
  return {
    scene,
    rounds,
    calls: calls.length,
    failed: failed.length,
    hung: calls.filter(({ isHung }) => isHung).length,
    failedLookups: failed.filter(({ tool }) => tool === 'lookup').length,
    ranTwice: ranTwice(runs),
    atKill: calls.filter((call) => kills.some((at) => isUnderWay(call, at))).length,
    lost: lostMs.length,
    late: lostMs.filter((ms) => ms > ANSWER_MS).length,
    slowestLostMs: slowest(lostMs),
    slowestMs: slowest(calls.map(({ startedAt, endedAt }) => endedAt - startedAt)),
    errors: [...new Set(failed.map(({ kind, tool, error }) => `${kind} ${tool}: ${error ?? ''}`))],
  };
}

function isUnderWay({ startedAt, endedAt }: FinishedCall, at: number): boolean {
  return startedAt <= at && at <= endedAt;
}

/** How long after the kill a call was answered that had run by then; empty when none had to do with it. */
function msAfterLoss(call: FinishedCall, kills: readonly number[], runs: Runs): number[] {
  const [ranAt] = runs.get(call.key) ?? [];
  if (ranAt === undefined) return [];
  const killedAt = kills.find((at) => at >= ranAt && isUnderWay(call, at));
  return killedAt === undefined ? [] : [call.endedAt - killedAt];
}

function slowest(ms: readonly number[]): number {
  return Math.round(ms.reduce((a, b) => Math.max(a, b), 0));
}

/**
 * What a planned change may cost is nothing; a crash, the calls that cannot be repeated; the loss of
 * the only instance, a wait for it.
 */
export function isAcceptable(seen: Losses): boolean {
  const { scene, failed, failedLookups, hung, late, slowestMs } = seen;
  if (hung > 0 || seen.ranTwice > 0 || late > 0) return false;
  if (scene === 'restart') return slowestMs <= PATIENCE_MS + ANSWER_MS;
  return scene === 'crash' ? failedLookups === 0 : failed === 0;
}
