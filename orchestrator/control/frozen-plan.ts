/** A rollout's plan after the fact: what the release changed, and what the canary was judged by (pure). */
import type { CustomCheck, JudgePolicy } from '../../config/types.js';
import { diffSpec, type SpecDifference } from '../pm2/spec.js';
import { plannedCanary } from '../rollout/planned-canary.js';
import type { Rollout } from '../rollout/rollout.js';

export interface FrozenPlan {
  readonly app: string;
  readonly canaryApp: string;
  readonly canaryPort: number;
  /** The fresh instance of the old release; null when main was compared with. */
  readonly baselineApp: string | null;
  /** What the canary had other than main, and what a promotion gave main; secrets masked. */
  readonly canaryDiffers: readonly SpecDifference[];
  readonly mainChanges: readonly SpecDifference[];
  readonly judge: JudgePolicy;
  /** Without how they were measured, which may hold secrets. */
  readonly checks: readonly CustomCheck[];
  /** How often the evidence was judged. */
  readonly intervalMs: number;
}

export function frozenPlan({ config, oldSpec, newSpec, change }: Rollout): FrozenPlan {
  const { app, canaryApp, canary, baseline, judge, checks, intervalMs } = config;
  const spec = plannedCanary(config, oldSpec, change);
  return {
    app,
    canaryApp,
    canaryPort: canary.port,
    baselineApp: baseline?.app ?? null,
    canaryDiffers: diffSpec(oldSpec, spec),
    mainChanges: diffSpec(oldSpec, newSpec),
    judge,
    checks: checks.map(withoutSource),
    intervalMs,
  };
}

/** The kind stays: the judge's sentences depend on it. */
function withoutSource(check: CustomCheck): CustomCheck {
  switch (check.source.kind) {
    case 'promql':
      return { ...check, source: { kind: 'promql', query: '', prometheus: '' } };
    case 'http':
      return { ...check, source: { kind: 'http', url: '' } };
    case 'command':
      return { ...check, source: { kind: 'command', line: '' } };
  }
}
