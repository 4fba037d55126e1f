/** Tells an instance that nobody waits for an answer any more (MCP, Cancellation). */
import { SESSION_HEADER } from '../headers.js';
import type { Binding } from '../pin.js';
import { ask } from './ask.js';
import { protocolHeaders } from './handshake.js';

const CANCEL_TIMEOUT_MS = 2_000;

/**
 * Sends `notifications/cancelled` for each id (a raw token), in the client's session. Without a
 * session the closed connection says it. Nobody waits for it.
 */
export function cancelUpstream(
  { upstream, upstreamId }: Binding,
  { path, headers }: { readonly path: string; readonly headers: readonly string[] },
  ids: readonly string[],
): void {
  if (upstreamId === null) return;
  const own = [...protocolHeaders(headers), SESSION_HEADER, upstreamId];
  for (const id of ids) {
    const params = `{"requestId":${id},"reason":"timed out"}`;
    const body = `{"jsonrpc":"2.0","method":"notifications/cancelled","params":${params}}`;
    const request = { method: 'POST' as const, path, headers: own, body: Buffer.from(body) };
    void ask(upstream, request, CANCEL_TIMEOUT_MS);
  }
}
