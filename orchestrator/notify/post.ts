/** A POST of JSON to a receiver, once. */
import { requestTrouble } from '../checks/measurement.js';
import { delivered, failed, refused, type Delivery } from './delivery.js';

/** A receiver may ask for a pause, but not for a longer one. */
const MAX_RETRY_AFTER_MS = 900_000;

/** Statuses below 500 after which another attempt can help (RFC 9110, RFC 6585). */
const PASSING = new Set([408, 425, 429]);

/**
 * Posts and tells what became of it. Never rejects. Redirections are not followed: the signature
 * was meant for the address that is configured.
 * @param nowMs Unix milliseconds, for a Retry-After that is a date.
 */
export async function post(
  address: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  { signal, nowMs }: { readonly signal: AbortSignal; readonly nowMs: number },
): Promise<Delivery> {
  if (!isHttp(address)) return failed('its address is none that begins with http:// or https://');
  const { host } = new URL(address);
  try {
    const response = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'canary', ...headers },
      body,
      redirect: 'manual',
      signal,
    });
    await response.body?.cancel();
    const { status } = response;
    if (response.ok) return delivered;
    const reason = `${host} answered ${status}`;
    return status >= 500 || PASSING.has(status)
      ? failed(reason, retryAfterMs(response.headers.get('retry-after'), nowMs))
      : refused(reason);
  } catch (error) {
    return failed(`${host}: ${requestTrouble(error)}`);
  }
}

function isHttp(address: string): boolean {
  return /^https?:\/\//i.test(address) && URL.canParse(address);
}

/** Seconds or a date (RFC 9110, 10.2.3); null when it is neither. */
function retryAfterMs(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  const atMs = /^\d+$/.test(value) ? nowMs + Number(value) * 1_000 : Date.parse(value);
  if (Number.isNaN(atMs)) return null;
  return Math.min(MAX_RETRY_AFTER_MS, Math.max(0, atMs - nowMs));
}
