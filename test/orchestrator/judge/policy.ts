/** The policy that the judge's tests use unless they say otherwise: the shipped defaults. */
import type { JudgePolicy } from '../../../config/types.js';

export const POLICY: JudgePolicy = {
  errors: { maxRatio: 0.25, timesStable: 1.5, overStable: 0.005 },
  latency: { timesStable: 2, warmUpMs: 60_000 },
  memory: { maxRssBytes: null, horizonMs: 24 * 3_600_000, timesStable: 1.5, warmUpMs: 300_000 },
  logs: { errorPatterns: ['ERROR'], timesStable: 3 },
  minimum: { calls: 50, sessions: 5 },
  alpha: 0.01,
  early: false,
};
