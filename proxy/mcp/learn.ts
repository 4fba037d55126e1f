/** What a session would need on another instance, learned from its client's requests. */
import type { Plane } from '../plane.js';
import type { Session } from '../session.js';
import { MAX_INITIALIZE_BYTES } from './initialize.js';
import { isResponse, type Message } from './message-scanner.js';

/** Log level and subscriptions kept for a session, and the size of each request. */
const MAX_RESTORED = 256;
const MAX_RESTORED_BYTES = 4_096;

/** Notes, and stores, what the messages change of the session's state. */
export function learnFromRequest(
  { sessions }: Plane,
  session: Session,
  messages: readonly Message[],
  body: Buffer,
): void {
  for (const message of messages) {
    if (isResponse(message)) session.asked.answered(message.id ?? '');
    if (learnOne(session, message, body)) sessions.save(session);
  }
}

/**
 * Notes that the client has said `notifications/initialized`, once an instance was told: before, the
 * session may be set up anew, and would be told twice.
 */
export function learnInitialized(
  { sessions }: Plane,
  session: Session,
  messages: readonly Message[],
): void {
  if (!messages.some(({ method }) => method === 'notifications/initialized')) return;
  session.initialized = true;
  sessions.save(session);
}

function learnOne(session: Session, { method, name }: Message, body: Buffer): boolean {
  const { restore } = session;
  switch (method) {
    case 'initialize':
      if (session.initialize !== null && session.kind === 'streamable') return false;
      if (body.length > MAX_INITIALIZE_BYTES) return false;
      session.initialize = body;
      session.initialized = false;
      restore.clear();
      return true;
    case 'logging/setLevel':
      return remember(restore, 'level', body);
    case 'resources/subscribe':
      return remember(restore, `subscribe ${name ?? ''}`, body);
    case 'resources/unsubscribe':
      return restore.delete(`subscribe ${name ?? ''}`);
    default:
      return false;
  }
}

function remember(restore: Map<string, string>, key: string, body: Buffer): boolean {
  if (body.length > MAX_RESTORED_BYTES || (restore.size >= MAX_RESTORED && !restore.has(key)))
    return false;
  restore.set(key, body.toString('utf8'));
  return true;
}
