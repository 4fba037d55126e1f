/**
 * Shows whether something serves at an address, the way the configuration wants it shown. An MCP
 * probe opens a session and ends it again: a probe that left sessions behind, or opened bare
 * streams, would itself be the leak that a canary is judged for.
 */
import { connect } from 'node:net';
import {
  Client,
  SSEClientTransport,
  StreamableHTTPClientTransport,
  type Transport,
} from '@modelcontextprotocol/client';
import { capabilityPaths } from '../../common/capabilities.js';
import { within } from '../../common/within.js';
import type { HostPort, Probe } from '../../config/types.js';
import type { ServerInfo } from '../rollout/rollout.js';

export type ProbeOutcome =
  | { readonly ok: true; readonly server: ServerInfo | null }
  | { readonly ok: false; readonly reason: string };

/** The first revision without sessions; it is negotiated in another way. */
export const STATELESS_REVISION = '2026-07-28';

/**
 * Tries once. Never rejects, and settles within about `timeoutMs`.
 * @param protocolVersion of MCP that the server must speak; by default the newest that it can.
 */
export async function probe(
  at: HostPort,
  how: Probe,
  timeoutMs: number,
  protocolVersion?: string,
): Promise<ProbeOutcome> {
  try {
    switch (how.kind) {
      case 'mcp':
      case 'sse': {
        const client = clientFor(how.kind, protocolVersion);
        return {
          ok: true,
          server: await handshake(client, urlOf(at, how.path), how.kind, timeoutMs),
        };
      }
      case 'http':
        return await httpAnswer(urlOf(at, how.path), timeoutMs);
      case 'tcp':
        await openPort(at, timeoutMs);
        return { ok: true, server: null };
    }
  } catch (error) {
    return { ok: false, reason: `${how.kind} probe of port ${at.port}: ${messageOf(error)}` };
  }
}

/** The address of a path. */
export function urlOf({ host, port }: HostPort, path: string): URL {
  return new URL(path, `http://${host.includes(':') ? `[${host}]` : host}:${port}`);
}

function clientFor(kind: 'mcp' | 'sse', protocolVersion: string | undefined): Client {
  const info = { name: 'canary-probe', version: '1' };
  if (protocolVersion === undefined) {
    return new Client(info, { versionNegotiation: { mode: kind === 'mcp' ? 'auto' : 'legacy' } });
  }
  return protocolVersion < STATELESS_REVISION
    ? new Client(info, { supportedProtocolVersions: [protocolVersion] })
    : new Client(info, { versionNegotiation: { mode: { pin: protocolVersion } } });
}

async function handshake(
  client: Client,
  url: URL,
  kind: 'mcp' | 'sse',
  timeoutMs: number,
): Promise<ServerInfo> {
  const transport = kind === 'mcp' ? new StreamableHTTPClientTransport(url) : legacyTransport(url);
  try {
    await within(timeoutMs, client.connect(transport, { timeout: timeoutMs }));
    const server = client.getServerVersion();
    return {
      name: server?.name ?? 'unnamed',
      version: server?.version ?? 'unknown',
      protocolVersion: client.getNegotiatedProtocolVersion() ?? 'unknown',
      capabilities: capabilityPaths(client.getServerCapabilities() ?? {}).sort(),
    };
  } finally {
    await within(timeoutMs, endSession(transport)).catch(() => undefined);
    await within(timeoutMs, client.close()).catch(() => undefined);
  }
}

/** Deprecated for clients that have a choice; a server of 2024-11-05 speaks nothing else. */
function legacyTransport(url: URL): Transport {
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  return new SSEClientTransport(url);
}

async function endSession(transport: Transport): Promise<void> {
  if (transport instanceof StreamableHTTPClientTransport) await transport.terminateSession();
}

async function httpAnswer(url: URL, timeoutMs: number): Promise<ProbeOutcome> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: 'manual' });
  await response.body?.cancel();
  return response.status < 400
    ? { ok: true, server: null }
    : { ok: false, reason: `GET ${url.pathname} answered ${response.status}` };
}

function openPort({ host, port }: HostPort, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const settle = (error: Error | null): void => {
      socket.destroy();
      if (error === null) resolve();
      else reject(error);
    };
    socket.once('connect', () => settle(null));
    socket.once('timeout', () => settle(new Error('no connection in time')));
    socket.once('error', settle);
  });
}

/** The deepest cause's message: fetch hides the useful one under "fetch failed". */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message || error.name : messageOf(error.cause);
}
