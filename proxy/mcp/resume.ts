/**
 * A client resumes a stream of an instance that is gone: the calls that waited on it are sent again
 * where that is safe, and answered with an error where it is not.
 */
import type { ServerResponse } from 'node:http';
import { SESSION_HEADER } from '../headers.js';
import type { Binding } from '../pin.js';
import type { Plane } from '../plane.js';
import type { Session } from '../session.js';
import { ask } from './ask.js';
import { protocolHeaders } from './handshake.js';
import { scanMessages } from './message-scanner.js';
import { errorMessage, LOST } from './refusals.js';
import { mayReplay } from './replay.js';
import { beginEventStream, sseEvent } from './sse-event.js';
import { settleLost, type SuspendedCall } from './suspended.js';

/** Answers what was suspended, on `res`, and ends it. Never rejects. */
export async function resumeElsewhere(
  plane: Plane,
  session: Session,
  res: ServerResponse,
  binding: Binding,
): Promise<'done'> {
  beginEventStream(res, session.id);
  res.flushHeaders();
  const calls = session.suspended.takeAll();
  await Promise.all(calls.map(async (call) => res.write(await answerTo(plane, call, binding))));
  res.end();
  return 'done';
}

async function answerTo(plane: Plane, call: SuspendedCall, binding: Binding): Promise<string> {
  const { ledger, path, body, track, isDropped } = call;
  const { ids } = ledger;
  const leftMs = plane.config.callTimeoutMs - (performance.now() - ledger.startedAt);
  const isRepeatable = mayReplay(ledger.requests, plane.config.replay, plane.catalog);
  if (isRepeatable && body !== null && ids.length === 1 && leftMs > 0) {
    if (!isDropped) ledger.note('cut', track);
    const headers = protocolHeaders(call.headers);
    if (binding.upstreamId !== null) headers.push(SESSION_HEADER, binding.upstreamId);
    const asked = await ask(binding.upstream, { method: 'POST', path, headers, body }, leftMs);
    if (asked.kind === 'answered' && asked.message !== undefined) {
      const text = JSON.stringify(asked.message);
      const [message] = scanMessages(Buffer.from(text));
      // What was parsed and written again may bear another token for the same id.
      if (message !== undefined)
        ledger.answered({ ...message, id: ids[0] ?? null }, binding.track, asked.status);
      return sseEvent(text);
    }
  }
  settleLost(call);
  plane.accounts.rpcErrors.count(track, LOST.code, ids.length);
  return ids.map((id) => sseEvent(errorMessage(id, LOST))).join('');
}
