/**
 * Headers on their way through: hop-by-hop fields are stripped in both directions (RFC 9110,
 * 7.6.1), the forwarding chain is continued, `Host` and `Origin` stay as they came.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

export const SESSION_HEADER = 'mcp-session-id';

const HOP_BY_HOP = new Set([
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

/** Set anew by us, by undici, or not wanted upstream: answers must stay readable for accounting. */
const REPLACED = new Set([
  'content-length',
  'expect',
  'accept-encoding',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  SESSION_HEADER,
]);

/** Fields that `Connection` may not name away: without them the request means something else. */
const NEVER_NAMED = new Set(['host', 'content-length', 'authorization', 'cookie']);

function namedByConnection(connection: string | undefined): ReadonlySet<string> | null {
  if (connection === undefined) return null;
  const lower = connection.toLowerCase();
  if (lower === 'keep-alive' || lower === 'close') return null;
  return new Set(
    lower
      .split(',')
      .map((name) => name.trim())
      .filter((name) => !NEVER_NAMED.has(name)),
  );
}

/**
 * The client's headers as the upstream gets them, as a flat list of names and values: without
 * the session id, which is the caller's to add.
 */
export function forwardedHeaders(req: IncomingMessage): string[] {
  const named = namedByConnection(req.headers.connection);
  const raw = req.rawHeaders;
  const out: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const lower = name.toLowerCase();
    if (HOP_BY_HOP.has(lower) || REPLACED.has(lower) || named?.has(lower)) continue;
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

/** The upstream's headers as the client gets them, flat; `omit` names more that must not pass. */
export function answerHeaders(headers: IncomingHttpHeaders, omit: ReadonlySet<string>): string[] {
  const named = namedByConnection(headers.connection);
  const out: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || HOP_BY_HOP.has(name) || omit.has(name) || named?.has(name)) continue;
    for (const one of Array.isArray(value) ? value : [value]) out.push(name, one);
  }
  return out;
}
