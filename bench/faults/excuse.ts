/** What a fault may cost the agents (pure). What no fault excuses is a violation. */
import type { AgentCall } from './agents.js';

/** Calls that may fail: those that were under way in this time. Unix milliseconds. */
export interface Excuse {
  readonly fromMs: number;
  readonly toMs: number;
  /** `unrepeatable`: only calls that could have run already. */
  readonly calls: 'unrepeatable' | 'all';
  /** Only calls that had waited so long. */
  readonly waitedMs: number;
  readonly because: string;
}

/** Whether the call's failure is one that was allowed for. */
export function isExcused(call: AgentCall, excuses: readonly Excuse[]): boolean {
  return excuses.some(
    ({ fromMs, toMs, calls, waitedMs }) =>
      call.fromMs <= toMs &&
      call.toMs >= fromMs &&
      (calls === 'all' || call.tool === 'append') &&
      call.toMs - call.fromMs >= waitedMs,
  );
}
