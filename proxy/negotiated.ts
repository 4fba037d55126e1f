/** What a service's live sessions have agreed on, counted. Pure. */
import { capabilityPaths } from '../common/capabilities.js';
import type { NegotiatedState } from '../common/protocol.js';
import type { Negotiated } from './mcp/handshake.js';

/** Counts what the sessions agreed on. */
export function summarize(
  sessions: Iterable<{ readonly negotiated: Negotiated | null }>,
  statelessVersions: Record<string, number>,
): NegotiatedState {
  const state: NegotiatedState = {
    protocolVersions: {},
    clientCapabilities: {},
    serverCapabilities: {},
    statelessVersions,
  };
  for (const { negotiated } of sessions) {
    if (negotiated === null) continue;
    count(state.protocolVersions, [negotiated.protocolVersion]);
    count(state.clientCapabilities, capabilityPaths(negotiated.clientCapabilities));
    count(state.serverCapabilities, capabilityPaths(negotiated.serverCapabilities));
  }
  return state;
}

function count(counts: Record<string, number>, names: readonly string[]): void {
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
}
