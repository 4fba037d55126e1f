/** What a fault may cost the agents (pure). What no fault excuses is a violation. */
import type { Kind } from '../proxy/agents.js';
import { RETRY_MS } from '../../proxy/mcp/call-event-id.js';
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
  /**
   * What may wait for its time-out, since nobody can tell its client any more. `unmet`: the proxy was
   * away in this time, for clients that come back for their calls too.
   */
  readonly hangs: 'all' | 'unmet' | 'none';
  readonly because: string;
}

/** Whether the call's failure is one that was allowed for. */
export function isExcused(call: AgentCall, excuses: readonly Excuse[]): boolean {
  return excuses.some((excuse) => covers(excuse, call));
}

/** Whether it was allowed for that the call is not answered at all. */
export function mayHang(call: AgentCall, excuses: readonly Excuse[]): boolean {
  return excuses.some(
    (excuse) =>
      covers(excuse, call) &&
      (excuse.hangs === 'all' || (excuse.hangs === 'unmet' && isUnmet(excuse, excuses))),
  );
}

/** Whenever a client came back that had lost its call's stream, the proxy was away. */
function isUnmet({ fromMs }: Excuse, excuses: readonly Excuse[]): boolean {
  const isAway = (atMs: number): boolean =>
    excuses.some(
      ({ hangs, fromMs: from, toMs: to }) =>
        hangs === 'unmet' && from - COMEBACK_MS <= atMs && atMs <= to + COMEBACK_MS,
    );
  return COMEBACKS.every((n) => isAway(fromMs + n * RETRY_MS));
}

function covers({ fromMs, toMs, calls, kind, waitedMs }: Excuse, call: AgentCall): boolean {
  return (
    call.fromMs <= toMs &&
    call.toMs >= fromMs &&
    (kind === null || call.kind === kind) &&
    (calls === 'all' || call.tool === 'append') &&
    call.toMs - call.fromMs >= waitedMs
  );
}

/** What was under way at a loss has been answered by then. */
const ANSWERED_MS = 3_000;
/** A legacy client comes back half a second after it has lost its stream. */
const LEGACY_BACK_MS = 3_000;
/** Agents whose sessions are lost hold on to them for that long: until they come again. */
const OLD_SESSIONS_MS = 15_000;
/** The SDKs' other clients come back twice for a call, and never again; on a busy machine somewhat later. */
const COMEBACKS = [1, 2];
const COMEBACK_MS = 1_000;

/** What may befall a call, unless an excuse says otherwise: it fails at once, whoever's it is. */
export const FAILURE = { waitedMs: 0, kind: null, hangs: 'none' } as const;

/** What an instance carried when it was lost: no call that may have run is repeated. */
export function instanceLost(fromMs: number, toMs: number, because: string): Excuse {
  return { ...FAILURE, fromMs, toMs: toMs + ANSWERED_MS, calls: 'unrepeatable', because };
}

/** There may be no instance at all: a call waits for one for its patience, and no longer. */
export function noInstance(fromMs: number, patienceMs: number, because: string): Excuse {
  return { ...FAILURE, fromMs, toMs: Infinity, calls: 'all', waitedMs: patienceMs, because };
}

/** The proxy was away: whatever it carried, and whoever came meanwhile. */
export function proxyAway(fromMs: number, toMs: number, because: string): [Excuse, Excuse] {
  const all: Excuse = { ...FAILURE, fromMs, toMs, calls: 'all', hangs: 'unmet', because };
  return [all, { ...all, toMs: toMs + LEGACY_BACK_MS, kind: 'v1-sse', hangs: 'none' }];
}

/**
 * Sessions and what they waited for were lost with the proxy, which was away in this time: legacy
 * clients have no ids to come back with, and all hold on to their sessions.
 */
export function memoryLost(fromMs: number, toMs: number, because: string): Excuse[] {
  const [all, legacy] = proxyAway(fromMs, toMs + OLD_SESSIONS_MS, because);
  return [
    { ...all, hangs: 'none' },
    { ...legacy, hangs: 'all' },
  ];
}
