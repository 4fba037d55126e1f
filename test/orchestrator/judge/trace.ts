/** Simulated rollouts for the judge's tests, and how they are judged. */
import { Random } from '../../../bench/judge/random.js';
import { simulateCalls, type Traffic } from '../../../bench/judge/traffic.js';
import type { JudgePolicy } from '../../../config/types.js';
import { createJudge } from '../../../orchestrator/judge/judge.js';
import type {
  Assessment,
  CallEvent,
  EvidenceEvent,
  RolloutEvent,
} from '../../../orchestrator/judge/types.js';
import { POLICY } from './policy.js';

export const MINUTE_MS = 60_000;
export const WINDOW_MS = 120 * MINUTE_MS;

export const START: RolloutEvent = {
  type: 'rollout',
  service: 's',
  startedAtMs: 0,
  windowMs: WINDOW_MS,
  weight: 0.1,
  rssLimitBytes: 380e6,
};

const TRAFFIC: Traffic = {
  windowMs: WINDOW_MS,
  sessionsPerHour: 300,
  callsPerSession: 20,
  sessionMs: 10 * MINUTE_MS,
  weight: () => 0.1,
  tool: (random) => Math.floor(random.uniform() * 10),
  errorRate: () => 0.01,
  concentration: 5,
  failure: (propensity) => propensity,
  latencyMs: () => 20,
};

export function trafficOf(seed: number, changes: Partial<Traffic> = {}): CallEvent[] {
  return simulateCalls({ ...TRAFFIC, ...changes }, new Random(seed));
}

export function judged(
  events: readonly EvidenceEvent[],
  policy: JudgePolicy = POLICY,
  nowMs = WINDOW_MS,
): Assessment {
  const judge = createJudge(policy);
  judge.add(START);
  for (const event of events) judge.add(event);
  return judge.assess(nowMs);
}

export function checkOf(assessment: Assessment, name: string) {
  return assessment.checks.find(({ check }) => check === name)!;
}
