/** What a service's live sessions have agreed on, counted. Pure. */
import { capabilityPaths } from '../common/capabilities.js';
import type { NegotiatedState } from '../common/protocol.js';
import type { Negotiated } from './mcp/handshake.js';

/** How many sessions have each; clients choose the names, `constructor` is one like others. */
type Counts = Map<string, number>;

/** Counts what the sessions agreed on. */
export function summarize(
  sessions: Iterable<{ readonly negotiated: Negotiated | null }>,
  statelessVersions: Record<string, number>,
): NegotiatedState {
  const versions: Counts = new Map();
  const ofClients: Counts = new Map();
  const ofServers: Counts = new Map();
  for (const { negotiated } of sessions) {
    if (negotiated === null) continue;
    count(versions, [negotiated.protocolVersion]);
    count(ofClients, capabilityPaths(negotiated.clientCapabilities));
    count(ofServers, capabilityPaths(negotiated.serverCapabilities));
  }
  return {
    protocolVersions: Object.fromEntries(versions),
    clientCapabilities: Object.fromEntries(ofClients),
    serverCapabilities: Object.fromEntries(ofServers),
    statelessVersions,
  };
}

function count(counts: Counts, names: readonly string[]): void {
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
}
