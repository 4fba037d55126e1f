/** Requests that the proxy makes itself: a handshake, the end of a session. Bounded in size and time. */
import type { Loss } from '../http1/exchange.js';
import type { ResponseHead } from '../http1/response-head.js';
import type { Upstream, UpstreamRequest } from '../upstream.js';
import { isEventStream } from './answer.js';
import { sendFollowing, type Sending } from './slash-redirect.js';
import { SseParser } from './sse-parser.js';

const MAX_ANSWER_BYTES = 1 << 20;

export type Asked =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: readonly string[];
      /** The JSON-RPC answer, out of a JSON or an SSE body; undefined when there was none. */
      readonly message: unknown;
      /** The body, when it was no event stream. */
      readonly text: string;
    }
  | { readonly kind: 'lost'; readonly loss: Loss };

/** Sends a request and reads its JSON-RPC answer, until `signal` aborts. Never rejects. */
export function ask(
  upstream: Upstream,
  request: UpstreamRequest,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Asked> {
  const givenUp: Asked = { kind: 'lost', loss: { kind: 'cut', reason: 'it was given up' } };
  if (signal?.aborted === true) return Promise.resolve(givenUp);
  return new Promise((resolve) => {
    const reader = new AnswerReader();
    const settle = (asked: Asked): void => {
      clearTimeout(timer);
      resolve(asked);
    };
    const stop = (asked: Asked): void => {
      exchange?.abort();
      settle(asked);
    };
    const timer = setTimeout(
      () =>
        stop({ kind: 'lost', loss: { kind: 'cut', reason: `no answer within ${timeoutMs} ms` } }),
      timeoutMs,
    );
    signal?.addEventListener('abort', () => stop(givenUp));
    // What cannot be sent is told before `send` returns.
    let exchange: Sending | null = null;
    exchange = sendFollowing(upstream, request, {
      onHead: (head) => reader.begin(head),
      onData: (chunk) => {
        if (reader.push(chunk)) stop(reader.answered());
      },
      onEnd: () => settle(reader.answered()),
      onLost: (loss) => settle({ kind: 'lost', loss }),
    });
  });
}

/** Collects one JSON-RPC answer. */
class AnswerReader {
  private head: ResponseHead | null = null;
  private readonly chunks: Buffer[] = [];
  private size = 0;
  private found: unknown;
  private parser: SseParser | null = null;
  private data = '';

  begin(head: ResponseHead): void {
    this.head = head;
    if (!isEventStream(head)) return;
    this.parser = new SseParser({
      onData: (chunk, start, end) => (this.data += chunk.toString('latin1', start, end)),
      onEvent: () => this.endEvent(),
    });
  }

  /** True when there is nothing more to wait for. */
  push(chunk: Buffer): boolean {
    this.size += chunk.length;
    if (this.size > MAX_ANSWER_BYTES) return true;
    if (this.parser === null) this.chunks.push(chunk);
    else this.parser.push(chunk);
    return this.found !== undefined;
  }

  answered(): Asked {
    const text = Buffer.concat(this.chunks).toString('utf8');
    const message = this.found ?? parsed(text);
    const { status, headers } = this.head ?? { status: 0, headers: [] };
    return { kind: 'answered', status, headers, message, text };
  }

  private endEvent(): void {
    const message = parsed(Buffer.from(this.data, 'latin1').toString('utf8'));
    this.data = '';
    const isAnswer =
      typeof message === 'object' &&
      message !== null &&
      ('result' in message || 'error' in message);
    if (isAnswer) this.found = message;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
