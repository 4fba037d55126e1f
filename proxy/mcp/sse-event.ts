/** Server-sent events of ours. */
import type { ServerResponse } from 'node:http';
import { SESSION_HEADER } from '../headers.js';

/** A whole server-sent event as it goes on the wire. `data` must have no newline (JSON has none). */
export function sseEvent(data: string, event = 'message', id?: string): string {
  const idLine = id === undefined ? '' : `id: ${id}\n`;
  return `event: ${event}\n${idLine}data: ${data}\n\n`;
}

/** The head of an event stream, which goes out with what is written next; null: in no session. */
export function beginEventStream(res: ServerResponse, sessionId: string | null): void {
  res.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache',
    ...(sessionId !== null && { [SESSION_HEADER]: sessionId }),
  });
}
