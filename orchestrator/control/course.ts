/** What a rollout has before it, as it was frozen at its start (pure). */
import type { OnDeadline, OnInconclusive, ServiceConfig, Step } from '../../config/types.js';

export interface Course {
  readonly steps: readonly Step[];
  readonly promote: 'auto' | 'manual';
  /** How long a person may take at a gate or before the promotion; null: no end. */
  readonly promoteByMs: number | null;
  readonly onDeadline: OnDeadline;
  readonly onInconclusive: OnInconclusive;
  readonly bakeMs: number;
  /** The RSS of the canary's process tree that is too much; null: no limit. */
  readonly limitBytes: number | null;
}

type Configured = Pick<ServiceConfig, Exclude<keyof Course, 'limitBytes'> | 'judge'>;

export function courseOf(config: Configured): Course {
  const { steps, promote, promoteByMs, onDeadline, onInconclusive, bakeMs, judge } = config;
  const limitBytes = judge.memory.maxRssBytes;
  return { steps, promote, promoteByMs, onDeadline, onInconclusive, bakeMs, limitBytes };
}
