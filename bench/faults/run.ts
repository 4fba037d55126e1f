/** One run: a scenario is played from an empty folder to an empty folder, and judged by the invariants. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KINDS } from '../proxy/agents.js';
import { startCrowd, type AgentCall, type AgentPlan } from './agents.js';
import { isExcused } from './excuse.js';
import { gatherFacts } from './facts.js';
import { violationsOf, type Outcome } from './invariants.js';
import { play, type Fired, type Played } from './play.js';
import type { Scenario } from './scenario.js';
import { CANARY, SERVICE, Theatre, until } from './theatre.js';

/** How long everything may take to come to rest after the end of the rollout. */
const SETTLE_MS = 10_000;
const AGENTS = 6;

/** What came of a run. */
export interface RunResult {
  readonly seed: number;
  readonly release: string;
  readonly story: string;
  readonly fired: readonly Fired[];
  /** The phase that the rollout ended in. */
  readonly end: string;
  readonly calls: number;
  /** Failed calls that a fault excuses. */
  readonly excused: number;
  readonly violations: readonly string[];
  readonly ms: number;
}

/** What can be told of a run that does not end. */
export interface Trace {
  /** What was done when. */
  readonly log: string[];
  theatre: Theatre | null;
}

/**
 * Plays a scenario.
 * @param keepDir where the logs of a run with violations are kept, in a folder named by its seed.
 */
export async function run(
  scenario: Scenario,
  keepDir: string | null,
  trace: Trace = { log: [], theatre: null },
): Promise<RunResult> {
  const begunAt = performance.now();
  const theatre = await Theatre.open(scenario);
  trace.theatre = theatre;
  const { log } = trace;
  try {
    const crowd = startCrowd(plansFor(theatre.stage.url(SERVICE, '')));
    const areServed = (sinceMs: number): boolean =>
      KINDS.every((kind) =>
        crowd.calls.some(
          ({ kind: of, tool, fromMs, error }) =>
            of === kind && tool !== 'connect' && fromMs > sinceMs && error === null,
        ),
      );
    // What nobody has called yet, nobody knows to be safe to repeat.
    await until(() => areServed(0), SETTLE_MS);
    const played = await play(theatre, scenario, log);
    const { fired, excuses } = played;
    const healedMs = Date.now();
    await until(() => areServed(healedMs), SETTLE_MS);
    await crowd.stop();
    const { outcome, violations } = await settled(theatre, crowd.calls, played);
    const failed = crowd.calls.filter(({ error }) => error !== null);
    const result: RunResult = {
      seed: scenario.seed,
      release: scenario.release,
      story: scenario.story,
      fired,
      end: outcome.facts.rollout?.phase ?? 'unknown',
      calls: crowd.calls.length,
      excused: failed.filter((call) => isExcused(call, excuses)).length,
      violations,
      ms: Math.round(performance.now() - begunAt),
    };
    if (keepDir !== null && result.violations.length > 0) {
      const books = { result, scenario, log, ...outcome, runs: null };
      keep(theatre, join(keepDir, String(scenario.seed)), books);
    }
    return result;
  } finally {
    await theatre.dispose();
  }
}

/** Judges until nothing is violated, or the time to come to rest is over. */
async function settled(
  theatre: Theatre,
  calls: readonly AgentCall[],
  { excuses, mainReplacedAtMs, historyLost }: Played,
): Promise<Judged> {
  const judge = async (): Promise<Judged> => {
    const names = { main: SERVICE, canary: CANARY };
    const facts = await gatherFacts(theatre);
    const books = { calls, runs: theatre.runs(), excuses, mainReplacedAtMs, historyLost };
    const outcome = { facts, ...books, names };
    return { outcome, violations: violationsOf(outcome) };
  };
  let judged = await judge();
  await until(async () => {
    if (judged.violations.length > 0) judged = await judge();
    return judged.violations.length === 0;
  }, SETTLE_MS);
  return judged;
}

interface Judged {
  readonly outcome: Outcome;
  readonly violations: readonly string[];
}

/** Each kind of agent, and two whose calls take long. */
function plansFor(url: string): AgentPlan[] {
  return Array.from({ length: AGENTS }, (_, i) => {
    const slow = i >= KINDS.length;
    // One legacy client only: several that cannot be told apart are promised less.
    const kind = KINDS[slow ? i % 2 : i % KINDS.length] ?? 'v1-http';
    return { kind, url, slow, callsPerSession: slow ? 2 : 6 };
  });
}

function keep({ stage, dir }: Theatre, to: string, books: unknown): void {
  mkdirSync(to, { recursive: true });
  writeFileSync(join(to, 'books.json'), JSON.stringify(books, null, 1));
  const isKept = (path: string): boolean => !path.endsWith('.sock');
  for (const [name, folder] of Object.entries({ home: stage.home, pm2: stage.pm2.home, dir })) {
    cpSync(folder, join(to, name), { recursive: true, filter: isKept });
  }
}
