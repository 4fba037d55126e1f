/** What a service's live sessions have agreed on, counted. Pure. */
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

/** The names of capabilities: `tools`, and `tools.listChanged` where that is true. */
function capabilityPaths(capabilities: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(capabilities).flatMap(([name, value]) => {
    if (typeof value !== 'object' || value === null) return value === true ? [name] : [];
    const flags = Object.entries(value).filter(([, flag]) => flag === true);
    return [name, ...flags.map(([flag]) => `${name}.${flag}`)];
  });
}

function count(counts: Record<string, number>, names: readonly string[]): void {
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
}
