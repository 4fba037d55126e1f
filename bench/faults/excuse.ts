/** What a fault may cost the agents (pure). What no fault excuses is a violation. */
import type { Kind } from '../proxy/agents.js';
import type { AgentCall } from './agents.js';

/** Calls that may fail: those that were under way in this time. Unix milliseconds. */
export interface Excuse {
  readonly fromMs: number;
  readonly toMs: number;
  /** `unrepeatable`: only calls that could have run already. */
  readonly calls: 'unrepeatable' | 'all';
  /** Only those of this kind of agent; null: of all. */
  readonly kind: Kind | null;
  /** Only calls that had waited so long. */
  readonly waitedMs: number;
  readonly because: string;
}

/** Whether the call's failure is one that was allowed for. */
export function isExcused(call: AgentCall, excuses: readonly Excuse[]): boolean {
  return excuses.some(
    ({ fromMs, toMs, calls, kind, waitedMs }) =>
      call.fromMs <= toMs &&
      call.toMs >= fromMs &&
      (kind === null || call.kind === kind) &&
      (calls === 'all' || call.tool === 'append') &&
      call.toMs - call.fromMs >= waitedMs,
  );
}

/** What was under way at a loss has been answered by then. */
const ANSWERED_MS = 3_000;
/** A legacy client comes back half a second after it has lost its stream. */
const LEGACY_BACK_MS = 3_000;

/** What an instance carried when it was lost: no call that may have run is repeated. */
export function instanceLost(fromMs: number, toMs: number, because: string): Excuse {
  const until = { toMs: toMs + ANSWERED_MS, waitedMs: 0, kind: null, because };
  return { fromMs, calls: 'unrepeatable', ...until };
}

/** There may be no instance at all: a call waits for one for its patience, and no longer. */
export function noInstance(fromMs: number, patienceMs: number, because: string): Excuse {
  return { fromMs, toMs: Infinity, calls: 'all', waitedMs: patienceMs, kind: null, because };
}

/** The proxy was away: whatever it carried, and whoever came meanwhile. */
export function proxyAway(fromMs: number, toMs: number, because: string): Excuse[] {
  const all: Excuse = { fromMs, toMs, calls: 'all', waitedMs: 0, kind: null, because };
  return [all, { ...all, toMs: toMs + LEGACY_BACK_MS, kind: 'v1-sse' }];
}
