/**
 * Whether an instance holds what the live sessions have agreed on with main. A session that moves
 * keeps its protocol version and what it was promised; a canary that cannot give that must not get
 * any of them.
 */
import type { NegotiatedState } from '../../common/protocol.js';
import type { ServiceConfig } from '../../config/types.js';
import { probe } from './probe.js';

/** More versions than MCP has revisions; what a client makes up is not tried without end. */
const MAX_VERSIONS = 8;

/**
 * Every reason why sessions could not move from main to the canary; empty when all could, and when
 * the probe is none of MCP. A version that main does not speak either is no reason: clients can
 * ask for anything.
 */
export async function incompatibilities(
  { stable, canary, probe: how }: ServiceConfig,
  { protocolVersions, statelessVersions, serverCapabilities }: NegotiatedState,
  timeoutMs: number,
): Promise<string[]> {
  if (how.kind !== 'mcp' && how.kind !== 'sse') return [];
  const versions = Object.entries({ ...statelessVersions, ...protocolVersions });
  const problems: string[] = [];
  const held = new Set<string>();
  for (const [version, count] of versions.slice(0, MAX_VERSIONS)) {
    const answer = await probe(canary, how, timeoutMs, version);
    if (answer.ok) for (const name of answer.server?.capabilities ?? []) held.add(name);
    else if ((await probe(stable, how, timeoutMs, version)).ok) {
      problems.push(`protocol version ${version}, which ${count} speak: ${answer.reason}`);
    }
  }
  if (held.size === 0) return problems;
  const missing = Object.entries(serverCapabilities).filter(([name]) => !held.has(name));
  return [
    ...problems,
    ...missing.map(([name, count]) => `capability ${name}, which ${count} were promised`),
  ];
}
