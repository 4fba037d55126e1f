/**
 * What a port speaks, asked without side effects: MCP handshakes whose sessions are ended again, and
 * GETs that a server takes at any time.
 */
import type { HostPort } from '../../config/types.js';
import { STATELESS_REVISION, urlOf } from '../mcp/connection.js';
import { probe } from '../probe/probe.js';
import type { ServerInfo } from '../rollout/rollout.js';

export type Speech =
  /** Streamable HTTP, `stateless` from the revision that has no sessions on. */
  | {
      readonly kind: 'mcp';
      readonly path: string;
      readonly server: ServerInfo;
      readonly stateless: boolean;
    }
  /** HTTP+SSE of 2024-11-05. */
  | { readonly kind: 'sse'; readonly path: string; readonly server: ServerInfo }
  /** `path` answers below 400; null: none of those that were tried does. */
  | { readonly kind: 'http'; readonly path: string | null }
  /** Nothing that canary-proxy could stand in front of. */
  | { readonly kind: 'other' };

const MCP_PATH = '/mcp';
const SSE_PATH = '/sse';
const HTTP_PATHS = ['/health', '/healthz', '/'];

/** Asks in all ways at once. Never rejects, and settles within a few times `timeoutMs`. */
export async function speechOf(at: HostPort, timeoutMs: number): Promise<Speech> {
  const [mcp, sse, http] = await Promise.all([
    probe(at, { kind: 'mcp', path: MCP_PATH }, timeoutMs),
    probe(at, { kind: 'sse', path: SSE_PATH }, timeoutMs),
    httpSpeech(at, timeoutMs),
  ]);
  if (mcp.ok && mcp.server !== null) {
    const stateless = mcp.server.protocolVersion >= STATELESS_REVISION;
    return { kind: 'mcp', path: MCP_PATH, server: mcp.server, stateless };
  }
  if (sse.ok && sse.server !== null) return { kind: 'sse', path: SSE_PATH, server: sse.server };
  return http;
}

async function httpSpeech(at: HostPort, timeoutMs: number): Promise<Speech> {
  const statuses = await Promise.all(
    HTTP_PATHS.map((path) => statusOf(urlOf(at, path), timeoutMs)),
  );
  const path = HTTP_PATHS.find((_, index) => (statuses[index] ?? 500) < 400);
  if (path !== undefined) return { kind: 'http', path };
  return statuses.some((status) => status !== null)
    ? { kind: 'http', path: null }
    : { kind: 'other' };
}

async function statusOf(url: URL, timeoutMs: number): Promise<number | null> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(url, { redirect: 'manual', signal });
    await response.body?.cancel();
    return response.status;
  } catch {
    return null;
  }
}
