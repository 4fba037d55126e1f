/**
 * A client comes back for a call whose stream was begun with an event id of ours. Where the call is
 * still under way its stream goes on; else nothing is known of it: this process is not the one that
 * carried it, or the client was away for too long.
 */
import type { ServerResponse } from 'node:http';
import type { Plane } from '../plane.js';
import type { Session } from '../session.js';
import { callEventIds, type CallEventId } from './call-event-id.js';
import { errorMessage, lostBecause, refuseResumption } from './refusals.js';
import { beginEventStream, sseEvent } from './sse-event.js';

const LOST = lostBecause('canary-proxy knows nothing more of it');

/** Answers the GET. */
export function takeUp(
  { accounts }: Plane,
  { id, track, callers }: Session,
  called: CallEventId,
  res: ServerResponse,
): void {
  if (called.kind === 'begun') {
    if (callers.get(called.token)?.back(res, id) === true) return;
    accounts.rpcErrors.count(track, LOST.code);
  }
  tellLost(called, res, id);
}

/**
 * Answers the GET where nothing is known of the call, or, with a session id of null, of its session
 * either. The official SDKs' clients do not give up a call whose stream is answered with 404: it
 * would wait for its time-out.
 */
export function tellLost(
  { kind, label, token }: CallEventId,
  res: ServerResponse,
  sessionId: string | null,
): void {
  if (kind === 'over') return refuseResumption(res);
  beginEventStream(res, sessionId);
  res.end(sseEvent(errorMessage(token, LOST), 'message', callEventIds(label, token).over));
}
