/**
 * Headers on their way through: hop-by-hop fields are stripped in both directions (RFC 9110,
 * 7.6.1), the forwarding chain is continued, `Host` and `Origin` stay as they came.
 */
import type { IncomingMessage } from 'node:http';

export const SESSION_HEADER = 'mcp-session-id';

/** Tells an instance on which track a request came: `stable`, `canary` or `baseline`. Ours to say. */
export const TRACK_HEADER = 'canary-track';

const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

const FORWARDED = ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host'];

/** Taken from a request that is passed on as it is. */
const DROPPED_IN_PASSED: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  'expect',
  TRACK_HEADER,
  ...FORWARDED,
]);
/** Taken from a request that is sent anew: its body is measured again, its answer must stay readable. */
const DROPPED: ReadonlySet<string> = new Set([
  ...DROPPED_IN_PASSED,
  'content-length',
  'accept-encoding',
  SESSION_HEADER,
]);

/** Fields that `Connection` may not name away: without them the request means something else. */
const NEVER_NAMED: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'authorization',
  'cookie',
]);

function namedByConnection(connection: string | undefined): ReadonlySet<string> | null {
  if (connection === undefined) return null;
  const lower = connection.toLowerCase();
  if (lower === 'keep-alive' || lower === 'close') return null;
  const names = lower.split(',').map((name) => name.trim());
  return new Set(names.filter((name) => !NEVER_NAMED.has(name)));
}

/**
 * The client's headers for an MCP request, as a flat list of names and values: without the session
 * id, which is the caller's to add.
 */
export function forwardedHeaders(req: IncomingMessage): string[] {
  return requestHeaders(req, DROPPED);
}

/** The client's headers for a request that is passed on as it is, as a flat list. */
export function passedHeaders(req: IncomingMessage): string[] {
  return requestHeaders(req, DROPPED_IN_PASSED);
}

function requestHeaders(req: IncomingMessage, dropped: ReadonlySet<string>): string[] {
  const named = namedByConnection(req.headers.connection);
  const raw = req.rawHeaders;
  const out: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const lower = name.toLowerCase();
    if (dropped.has(lower) || named?.has(lower)) continue;
    out.push(name, raw[i + 1] ?? '');
  }
  const from = req.socket.remoteAddress ?? 'unknown';
  const chain = req.headers['x-forwarded-for'];
  out.push('x-forwarded-for', chain === undefined ? from : `${String(chain)}, ${from}`);
  out.push('x-forwarded-proto', single(req.headers['x-forwarded-proto']) ?? 'http');
  const host = single(req.headers['x-forwarded-host']) ?? req.headers.host;
  if (host !== undefined) out.push('x-forwarded-host', host);
  return out;
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** A flat list of headers as node:http has it, with the names in lower case. */
export function lowerNames(rawHeaders: readonly string[]): string[] {
  return rawHeaders.map((text, i) => (i % 2 === 0 ? text.toLowerCase() : text));
}

/** The names in a flat list. */
export function namesIn(headers: readonly string[]): string[] {
  return headers.filter((_, i) => i % 2 === 0);
}

/** The first value of a header in a flat list; `name` and the list's names are in lower case. */
export function headerOf(headers: readonly string[], name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return headers[i + 1];
  return undefined;
}

/**
 * The upstream's headers as the client gets them: flat lists, with names in lower case. `omit` names
 * more that must not pass.
 */
export function answerHeaders(headers: readonly string[], omit: ReadonlySet<string>): string[] {
  const named = namedByConnection(headerOf(headers, 'connection'));
  const out: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] ?? '';
    if (HOP_BY_HOP.has(name) || omit.has(name) || named?.has(name)) continue;
    out.push(name, headers[i + 1] ?? '');
  }
  return out;
}
