/**
 * Connections to an MCP server over all of its transports: Streamable HTTP with and without
 * sessions, and legacy HTTP+SSE. What is opened is closed again, a session is ended on the server
 * too: who leaves sessions behind is itself the leak that a canary is judged for.
 */
import {
  Client,
  ProtocolError,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  SSEClientTransport,
  StreamableHTTPClientTransport,
  SUPPORTED_PROTOCOL_VERSIONS,
  type Transport,
} from '@modelcontextprotocol/client';
import { capabilityPaths } from '../../common/capabilities.js';
import { within } from '../../common/within.js';
import type { HostPort, McpEndpoint } from '../../config/types.js';
import { formatAddress } from '../../config/units.js';
import type { ServerInfo } from '../rollout/rollout.js';

/** The first revision without sessions; it is negotiated in another way. */
export const STATELESS_REVISION = '2026-07-28';

/** The protocol revisions that can be asked for, the newest first. */
export const REVISIONS: readonly string[] = [STATELESS_REVISION, ...SUPPORTED_PROTOCOL_VERSIONS];

/** So much of one answer (an event stream counts as one) is read. */
const MAX_RESPONSE_BYTES = 32 << 20;
const CLOSE_TIMEOUT_MS = 5_000;

export interface ConnectOptions {
  /** For the handshake. */
  readonly timeoutMs: number;
  /** The revision that the server must speak; by default the newest that it can. */
  readonly protocolVersion?: string | undefined;
  /** Ends the handshake early. */
  readonly signal?: AbortSignal;
}

/**
 * Connects, lets the client be used, and takes leave of the server whatever came of it.
 * @throws Error when there is no handshake in time, and what `use` throws.
 */
export async function withServer<T>(
  at: HostPort,
  { kind, path }: McpEndpoint,
  { timeoutMs, protocolVersion, signal }: ConnectOptions,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const url = urlOf(at, path);
  const client = clientFor(kind, protocolVersion);
  const transport =
    kind === 'mcp'
      ? new StreamableHTTPClientTransport(url, { fetch: boundedFetch })
      : legacyTransport(url);
  try {
    const options = { timeout: timeoutMs, ...(signal && { signal }) };
    await within(timeoutMs, client.connect(transport, options), signal);
    return await use(client);
  } finally {
    const leaveMs = Math.min(timeoutMs, CLOSE_TIMEOUT_MS);
    await within(leaveMs, endSession(transport)).catch(() => undefined);
    await within(leaveMs, client.close()).catch(() => undefined);
  }
}

/** How the server introduced itself. */
export function serverInfoOf(client: Client): ServerInfo {
  const server = client.getServerVersion();
  return {
    name: server?.name ?? 'unnamed',
    version: server?.version ?? 'unknown',
    protocolVersion: client.getNegotiatedProtocolVersion() ?? 'unknown',
    capabilities: capabilityPaths(client.getServerCapabilities() ?? {}).sort(),
  };
}

/** The address of a path. */
export function urlOf(at: HostPort, path: string): URL {
  return new URL(path, `http://${formatAddress(at)}`);
}

function clientFor(kind: McpEndpoint['kind'], protocolVersion: string | undefined): Client {
  const info = { name: 'canary-probe', version: '1' };
  if (protocolVersion === undefined) {
    return new Client(info, { versionNegotiation: { mode: kind === 'mcp' ? 'auto' : 'legacy' } });
  }
  return protocolVersion < STATELESS_REVISION
    ? new Client(info, { supportedProtocolVersions: [protocolVersion] })
    : new Client(info, { versionNegotiation: { mode: { pin: protocolVersion } } });
}

/** Deprecated for clients that have a choice; a server of 2024-11-05 speaks nothing else. */
function legacyTransport(url: URL): Transport {
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  return new SSEClientTransport(url, { fetch: boundedFetch });
}

async function endSession(transport: Transport): Promise<void> {
  if (transport instanceof StreamableHTTPClientTransport) await transport.terminateSession();
}

/** `fetch`, whose body fails when it goes on beyond the bound. */
async function boundedFetch(url: string | URL, init?: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  if (response.body === null) return response;
  let bytes = 0;
  const counted = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        if (bytes <= MAX_RESPONSE_BYTES) controller.enqueue(chunk);
        else controller.error(new Error(`the answer is over ${MAX_RESPONSE_BYTES} bytes`));
      },
    }),
  );
  const { status, statusText, headers } = response;
  return new Response(counted, { status, statusText, headers });
}

/** Those of the SDK's own errors whose messages hold nothing of an answer. */
const PLAIN_CODES: ReadonlySet<string> = new Set([
  SdkErrorCode.RequestTimeout,
  SdkErrorCode.ConnectionClosed,
  SdkErrorCode.NotConnected,
]);

/**
 * Why a server could not be spoken to, by the deepest cause (fetch hides the useful one under "fetch
 * failed"). Without anything that the server sent, since this is kept, logged and shown.
 */
export function troubleOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer';
  if (error instanceof ProtocolError) return `JSON-RPC error ${error.code}`;
  const status = httpStatusOf(error);
  if (status !== null) return `HTTP ${status}`;
  if (error.cause instanceof Error) return troubleOf(error.cause);
  if (error instanceof SdkError && !PLAIN_CODES.has(error.code)) {
    return `an answer that MCP does not know (${error.code})`;
  }
  return error instanceof SyntaxError || 'issues' in error
    ? 'an answer that MCP does not know'
    : error.message || error.name;
}

/** The SDK puts the body of a failure behind its status. */
function httpStatusOf(error: Error): number | null {
  if (error instanceof SdkHttpError) return error.status;
  const told = /\(HTTP (\d{3})\)/.exec(error.message);
  return told === null ? null : Number(told[1]);
}
