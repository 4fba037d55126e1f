/** What a session would need on another instance, learned from its client's requests. */
import type { Plane } from '../plane.js';
import type { Session } from '../session.js';
import type { Message } from './message-scanner.js';

/** Log level and subscriptions kept for a session. */
const MAX_RESTORED = 256;

/** Notes, and stores, what the messages change of the session's state. */
export function learnFromRequest(
  plane: Plane,
  session: Session,
  messages: readonly Message[],
  body: Buffer,
): void {
  for (const message of messages) {
    if (message.method === 'notifications/initialized') session.initialized = true;
    else if (message.method === 'logging/setLevel') session.restore.set('level', body.toString());
    else if (message.method === 'resources/subscribe' && session.restore.size < MAX_RESTORED)
      session.restore.set(`subscribe ${message.name ?? ''}`, body.toString());
    else if (message.method === 'resources/unsubscribe')
      session.restore.delete(`subscribe ${message.name ?? ''}`);
    else continue;
    plane.sessions.save(session);
  }
}
