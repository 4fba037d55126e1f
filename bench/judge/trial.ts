/** One row of the table: many traces, judged by everybody. */
import { defaultService } from '../../config/resolve.js';
import { createJudge } from '../../orchestrator/judge/judge.js';
import type { CallEvent, EvidenceEvent } from '../../orchestrator/judge/types.js';
import { Random } from './random.js';
import { failedChecks, fixedThreshold, mannWhitneyScore, type Reference } from './references.js';
import { LIMIT_BYTES, SCENARIOS, WINDOW_MS, type Scenario } from './scenarios.js';

export const JUDGES = ['judge', 'oracle', 'argo', 'flagger', 'kayenta'] as const;
export type JudgeName = (typeof JUDGES)[number];

export interface Row {
  readonly index: number;
  readonly traces: number;
  /** When each of the canaries that were taken back was, by who did it; null: not asked. */
  readonly takenBackAtMs: Readonly<Record<JudgeName, readonly number[] | null>>;
}

const REFERENCES: Readonly<Record<'argo' | 'flagger' | 'kayenta', Reference>> = {
  argo: fixedThreshold,
  flagger: failedChecks,
  kayenta: mannWhitneyScore,
};

/** Judges the scenario's traces 1 to `traces`; the trace number is the seed. */
export function runRow(index: number, traces: number): Row {
  const scenario = SCENARIOS[index];
  if (scenario === undefined) throw new Error(`no scenario ${index}`);
  const found: Record<JudgeName, number[]> = {
    judge: [],
    oracle: [],
    argo: [],
    flagger: [],
    kayenta: [],
  };
  for (let seed = 1; seed <= traces; seed += 1) {
    const events = scenario.simulate(new Random(seed));
    note(found.judge, judged(scenario, events));
    note(found.oracle, foreseen(scenario, events));
    const calls = events.filter((event): event is CallEvent => event.type === 'call');
    for (const [name, reference] of Object.entries(REFERENCES)) {
      note(found[name as JudgeName], reference(calls, WINDOW_MS));
    }
  }
  const judgesErrors = scenario.about === 'errors';
  return {
    index,
    traces,
    takenBackAtMs: {
      judge: found.judge,
      oracle: scenario.oracle === undefined ? null : found.oracle,
      argo: judgesErrors ? found.argo : null,
      flagger: judgesErrors ? found.flagger : null,
      kayenta: judgesErrors ? found.kayenta : null,
    },
  };
}

function note(times: number[], atMs: number | null): void {
  if (atMs !== null) times.push(atMs);
}

function judged(scenario: Scenario, events: readonly EvidenceEvent[]): number | null {
  const judge = createJudge(defaultService().judge);
  judge.add({
    type: 'rollout',
    service: 'simulated',
    startedAtMs: 0,
    windowMs: WINDOW_MS,
    weight: scenario.weight,
    rssLimitBytes: LIMIT_BYTES,
  });
  for (const event of events) judge.add(event);
  const { verdict, checks } = judge.assess(WINDOW_MS);
  if (verdict !== 'fail') return null;
  return Math.min(...checks.map(({ failedAtMs }) => failedAtMs ?? Infinity));
}

function foreseen({ oracle }: Scenario, events: readonly EvidenceEvent[]): number | null {
  if (oracle === undefined) return null;
  const knows = oracle();
  const certain = events.find((event) => knows(event));
  return certain !== undefined && 'atMs' in certain ? certain.atMs : null;
}
