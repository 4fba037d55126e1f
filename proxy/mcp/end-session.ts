/** A client's DELETE: ends the session on the instance and here. */
import type { ServerResponse } from 'node:http';
import { NO_IDS } from '../live-call.js';
import type { Plane } from '../plane.js';
import type { Session } from '../session.js';
import { Answer } from './answer.js';
import { Attempt } from './attempt.js';

/** How long an instance is asked to end a session. */
export const GOODBYE_TIMEOUT_MS = 5_000;

/** Ends the session, unless the instance says that clients may not (405). Never rejects. */
export async function endSession(
  plane: Plane,
  session: Session,
  res: ServerResponse,
  { path, headers }: { readonly path: string; readonly headers: readonly string[] },
): Promise<void> {
  const binding = session.current;
  if (binding !== null) {
    const answer = new Answer(res, { sessionId: null, onMessage: () => undefined });
    const attempt = new Attempt({
      binding,
      request: { method: 'DELETE', path, headers, body: null },
      answer,
      onceDrained: (resume) => res.once('drain', resume),
    });
    const call = { ids: NO_IDS, stop: attempt.stop.bind(attempt) };
    res.once('close', () => attempt.stop('client-gone'));
    const limitMs = Math.min(GOODBYE_TIMEOUT_MS, plane.config.callTimeoutMs);
    const timer = setTimeout(() => attempt.stop('timeout'), limitMs);
    session.began(binding, call);
    const end = await attempt.run();
    session.ended(binding, call);
    clearTimeout(timer);
    if (end.kind === 'ended') {
      if (end.status !== 405) plane.sessions.end(session, 'deleted');
      return answer.end();
    }
  }
  plane.sessions.end(session, 'deleted');
  if (!res.headersSent) res.writeHead(200, { 'content-length': 0 });
  res.end();
}
