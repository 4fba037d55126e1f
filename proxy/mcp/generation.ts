/**
 * Ids that an instance gives out are only its own: after a move, the next instance counts from the
 * start again. Ids from later instances therefore bear their generation, so that an answer or a
 * `Last-Event-ID` that comes back can be told to be meant for an instance that is gone. The first
 * instance's ids stay as they are, so nothing is rewritten in a session that never moved.
 */
import { eventData, type RelayedEvent, type Verdict } from './event-relay.js';
import { isRequest, type Message } from './message-scanner.js';

const TAGGED = /^canary-(\d+)-(.*)$/s;

export interface TaggedId {
  readonly generation: number;
  /** What the instance called it. */
  readonly own: string;
}

/** The id as the client is given it. */
function tagged(own: string, generation: number): string {
  return generation === 0 ? own : `canary-${generation}-${own}`;
}

/** The id that a client is given in place of an instance's, both raw tokens. */
export function taggedToken(own: string, generation: number): string {
  return generation === 0 ? own : JSON.stringify(tagged(own, generation));
}

/** The id as the instance gave it, and the instance's generation. */
export function untagged(id: string): TaggedId {
  const [, generation, own] = TAGGED.exec(id) ?? [];
  return generation === undefined
    ? { generation: 0, own: id }
    : { generation: Number(generation), own: own ?? '' };
}

/** Who a client's answer (its id as a raw token) is meant for, with the id as a raw token. */
export function untaggedToken(token: string): TaggedId {
  if (!token.startsWith('"')) return { generation: 0, own: token };
  return untagged(parsedString(token));
}

function parsedString(token: string): string {
  try {
    return String(JSON.parse(token));
  } catch {
    return token;
  }
}

function parsedObjects(data: string): object | object[] | null {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

/** An instance's event as the client gets it. */
export function tagEvent(event: RelayedEvent, generation: number): Verdict {
  if (generation === 0) return 'pass';
  const asks = event.messages.some(isRequest);
  if (event.fields.id === null && !asks) return 'pass';
  const raw = event.raw();
  if (raw === null) return 'pass';
  const lines = [`event: ${event.fields.event}`];
  if (event.fields.id !== null) lines.push(`id: ${tagged(event.fields.id, generation)}`);
  const retry = /^retry:.*$/m.exec(raw.toString('utf8'))?.[0];
  if (retry !== undefined) lines.push(retry);
  const data = eventData(raw);
  const told = asks ? tagRequests(data, event.messages, generation) : data;
  for (const line of told.split('\n')) lines.push(`data: ${line}`);
  return Buffer.from(`${lines.join('\n')}\n\n`);
}

function tagRequests(data: string, messages: readonly Message[], generation: number): string {
  const parsed = parsedObjects(data);
  if (parsed === null) return data;
  const list = Array.isArray(parsed) ? parsed : [parsed];
  const told = (list as object[]).map((message, i) => {
    const id = messages[i]?.id ?? null;
    return 'method' in message && id !== null
      ? { ...message, id: tagged(id, generation) }
      : message;
  });
  return JSON.stringify(Array.isArray(parsed) ? told : told[0]);
}
