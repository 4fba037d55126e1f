/**
 * Who may ask the dashboard what (pure).
 *
 * 1. Host: only a loopback name or the configured host, so that a foreign name that was made to
 *    resolve to loopback (DNS rebinding) reaches nothing.
 * 2. Origin: a page of another origin reads nothing and asks for nothing.
 * 3. Acting needs the token, in a header that no form and no foreign page can send unasked, and
 *    the page's own Origin.
 * 4. What processes print needs the token, too: it may hold secrets.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { refusal, type ApiReply } from '../../common/unix-http.js';
import { sameToken } from './token.js';

const TOKEN_HEADER = 'x-canary-token';

const LOOPBACK_NAMES = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Why a request is refused whatever it asks for; null when it is not. */
export function hostRefusal(headers: IncomingHttpHeaders, listenHost: string): ApiReply | null {
  const name = hostName(headers.host);
  if (name !== null && (LOOPBACK_NAMES.has(name) || name === listenHost)) return null;
  return refusal(421, 'refused', 'the Host header must name localhost or the configured address');
}

/** Why a page's request for data is refused; null when it is not. */
export function originRefusal(headers: IncomingHttpHeaders): ApiReply | null {
  const site = headers['sec-fetch-site'];
  const foreignSite = site !== undefined && site !== 'same-origin' && site !== 'none';
  const foreignOrigin = headers.origin !== undefined && !isOwnOrigin(headers);
  return foreignSite || foreignOrigin
    ? refusal(403, 'refused', 'the request comes from another origin')
    : null;
}

/** Why a request to act is refused; null when it is not. */
export function actRefusal(headers: IncomingHttpHeaders, token: string): ApiReply | null {
  if (!isOwnOrigin(headers)) {
    return refusal(403, 'refused', "the Origin header must be the dashboard's own");
  }
  if (!(headers['content-type'] ?? '').startsWith('application/json')) {
    return refusal(415, 'usage', 'the Content-Type must be application/json');
  }
  return tokenRefusal(headers, token);
}

/** Why a request without the token is refused; null for one with it. */
export function tokenRefusal(headers: IncomingHttpHeaders, token: string): ApiReply | null {
  const given = headers[TOKEN_HEADER];
  return typeof given === 'string' && sameToken(given, token)
    ? null
    : refusal(401, 'token', 'this needs the token that `canary dashboard` prints');
}

function isOwnOrigin({ origin, host }: IncomingHttpHeaders): boolean {
  return host !== undefined && origin === `http://${host}`;
}

/** The name without its port; null when it is no host. */
function hostName(host: string | undefined): string | null {
  if (host === undefined || !/^[\w.:[\]-]+$/.test(host)) return null;
  const url = `http://${host}/`;
  return URL.canParse(url) ? new URL(url).hostname : null;
}
