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
  { id, label, track, callers }: Session,
  { kind, token }: CallEventId,
  res: ServerResponse,
): void {
  if (kind === 'over') return refuseResumption(res);
  if (callers.get(token)?.back(res, id) === true) return;
  accounts.rpcErrors.count(track, LOST.code);
  beginEventStream(res, id);
  res.end(sseEvent(errorMessage(token, LOST), 'message', callEventIds(label, token).over));
}
