/**
 * Event ids of ours: a call's stream begins with one where the instance gives none, and a client
 * that loses the stream comes back with it (MCP 2025-11-25, Resumability and Redelivery), to this
 * process or to the one after it. They name the session, by its label, and the request, so that
 * nothing has to be stored for them. Pure.
 */

/** When a client is to come back, in milliseconds. SDKs' clients try twice, which spans a restart. */
export const RETRY_MS = 5_000;

const OWN = /^canary-(call|over)\.([^.]+)\.([\w-]+)$/;

/** The ids of one call's stream. */
export interface CallEventIds {
  /** Of its begin. */
  readonly begun: string;
  /** Of an error that answers it: SDK 1 comes back after errors too, and there is nothing more. */
  readonly over: string;
}

/** `label`: the session's; `token`: the request's id, a raw token. */
export function callEventIds(label: string, token: string): CallEventIds {
  const request = Buffer.from(token, 'latin1').toString('base64url');
  return { begun: `canary-call.${label}.${request}`, over: `canary-over.${label}.${request}` };
}

/** What a client that comes back has been told, in which session, and for which request (a raw token). */
export interface CallEventId {
  readonly kind: keyof CallEventIds;
  readonly label: string;
  readonly token: string;
}

/** Reads an id of ours; null: it is another's. */
export function readCallEventId(id: string): CallEventId | null {
  const [, kind, label = '', request = ''] = OWN.exec(id) ?? [];
  const token = Buffer.from(request, 'base64url').toString('latin1');
  const made = callEventIds(label, token);
  const isWhole = id === made.begun || id === made.over;
  if (!isWhole || !isRequestId(token)) return null;
  return { kind: kind === 'over' ? 'over' : 'begun', label, token };
}

/** Begins a stream: without data, so that no client takes it for a message. */
export function primingEvent({ begun }: CallEventIds): string {
  return `id: ${begun}\nretry: ${RETRY_MS}\ndata: \n\n`;
}

/** A string or a number (JSON-RPC 2.0, 4), and nothing around it. */
function isRequestId(token: string): boolean {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'latin1').toString('utf8'));
    return (typeof value === 'string' || typeof value === 'number') && token.trim() === token;
  } catch {
    return false;
  }
}
