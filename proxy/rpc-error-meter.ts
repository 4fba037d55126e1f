/** The JSON-RPC errors that one service's requests were answered with, counted for Prometheus. */
import type { Track } from '../common/protocol.js';

/** Codes with a label of their own. The others, which a server may make up, share one. */
export const RPC_ERROR_CODES: readonly number[] = [
  // JSON-RPC 2.0, 5.1.
  -32_700, -32_600, -32_601, -32_602, -32_603,
  // MCP, and its SDKs.
  -32_000, -32_001, -32_002, -32_003, -32_020, -32_021, -32_022, -32_042,
  // The proxy's own (mcp/refusals.ts): the instance was lost, none could be reached.
  -32_050, -32_051,
];
const OTHER_CODES = 'other';

export class RpcErrorMeter {
  private readonly byTrack: Readonly<Record<Track, Map<string, number>>> = {
    stable: zeros(),
    canary: zeros(),
    baseline: zeros(),
  };

  /** `errors` requests were answered with that code; null: with none that is an integer. */
  count(track: Track, code: number | null, errors = 1): void {
    const counts = this.byTrack[track];
    const own = String(code);
    const label = counts.has(own) ? own : OTHER_CODES;
    counts.set(label, (counts.get(label) ?? 0) + errors);
  }

  /** All codes on that track, those not seen yet included: a first error is a rise from 0. */
  on(track: Track): ReadonlyMap<string, number> {
    return this.byTrack[track];
  }
}

function zeros(): Map<string, number> {
  return new Map([...RPC_ERROR_CODES.map(String), OTHER_CODES].map((code) => [code, 0]));
}
