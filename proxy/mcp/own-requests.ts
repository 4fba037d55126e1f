/**
 * Requests that the proxy makes itself on a legacy SSE connection: their answers come on the
 * client's stream, and the client must not see them.
 */
import type { Upstream } from '../upstream.js';
import { ask } from './ask.js';
import { eventData, type RelayedEvent } from './event-relay.js';
import { protocolHeaders } from './handshake.js';
import { scanMessages } from './message-scanner.js';

/** Where a message is posted, on which of the session's connections. */
export interface MessageTarget {
  readonly upstream: Upstream;
  readonly endpoint: string;
  /** Of the connection whose stream brings the answer. */
  readonly generation: number;
  /** The client's. */
  readonly headers: readonly string[];
  /** Aborts when nobody waits for the answer any more. */
  readonly signal?: AbortSignal;
}

interface Waiting {
  readonly id: string;
  readonly generation: number;
  settle(answer: string | null): void;
}

export class OwnRequests {
  private readonly waiting = new Set<Waiting>();

  /** Posts a message; gives its answer, null when there is none in time. Never rejects. */
  async ask(target: MessageTarget, body: Buffer, timeoutMs: number): Promise<string | null> {
    const { upstream, endpoint, headers, generation, signal } = target;
    const post = {
      method: 'POST' as const,
      path: endpoint,
      headers: protocolHeaders(headers),
      body,
    };
    const id = scanMessages(body)[0]?.id ?? null;
    if (id === null) {
      await ask(upstream, post, timeoutMs, signal);
      return null;
    }
    return new Promise((resolve) => {
      const one: Waiting = {
        id,
        generation,
        settle: (answer) => {
          clearTimeout(timer);
          this.waiting.delete(one);
          resolve(answer);
        },
      };
      const timer = setTimeout(() => one.settle(null), timeoutMs);
      this.waiting.add(one);
      void ask(upstream, post, timeoutMs, signal).then((posted) => {
        if (posted.kind === 'lost' || posted.status >= 400) one.settle(null);
      });
    });
  }

  /** Takes the answer to a request of ours. False when the id (a raw token) is none of them. */
  take(generation: number, id: string, event: RelayedEvent): boolean {
    const one = [...this.waiting].find(
      (waiting) => waiting.generation === generation && waiting.id === id,
    );
    one?.settle(eventData(event.raw() ?? Buffer.alloc(0)));
    return one !== undefined;
  }

  /** The connection is closed: nothing is answered on it any more. */
  drop(generation: number): void {
    for (const one of [...this.waiting]) if (one.generation === generation) one.settle(null);
  }
}
