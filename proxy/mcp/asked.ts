/**
 * What instances have asked of a client (sampling, elicitation, roots) and it has not answered yet,
 * by the ids that it knows: when the instance is lost, the client is told that nobody waits any more
 * (MCP, Cancellation). Bounded: of what is beyond, it is not told.
 */
import { sseEvent } from './sse-event.js';

const MAX_ASKED = 256;

export class Asked {
  /** What each came on, by its id as a raw token. Made when it is needed: most sessions are asked nothing. */
  private open: Map<string, object> | null = null;

  /** A request went to the client, on a stream of `source`. */
  add(id: string, source: object): void {
    this.open ??= new Map();
    if (this.open.size < MAX_ASKED) this.open.set(id, source);
  }

  /** The client has answered. */
  answered(id: string): void {
    this.open?.delete(id);
  }

  /** Forgets what came from there, and gives the events that cancel it. */
  cancel(source: object): string {
    const ids = [...(this.open ?? [])].filter(([, from]) => from === source).map(([id]) => id);
    for (const id of ids) this.open?.delete(id);
    return ids.map(cancelled).join('');
  }
}

function cancelled(id: string): string {
  const params = `{"requestId":${id},"reason":"the server was lost"}`;
  return sseEvent(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":${params}}`);
}
