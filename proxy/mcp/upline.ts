/**
 * One connection to an instance's legacy SSE endpoint (2024-11-05): its first event names the URI
 * that messages are posted to, all others are handed on whole.
 */
import type { Upstream } from '../upstream.js';
import { isEventStream } from './answer.js';
import { MessageScanner, type Message } from './message-scanner.js';
import { SseParser, type SseFields } from './sse-parser.js';

const ENDPOINT_TIMEOUT_MS = 10_000;
const MAX_ENDPOINT_BYTES = 4_096;
/** A larger event is passed on in pieces. */
const HELD_BYTES = 64 * 1024;

export interface UplineListener {
  /** A whole event, or the last piece of a large one, with the message that was in it. */
  onEvent(upline: Upline, bytes: Buffer, message: Message | null): void;
  /** A piece of an event that is too large to be held. */
  onPiece(upline: Upline, bytes: Buffer): void;
  /** The connection ended; not called after `close`. */
  onGone(upline: Upline): void;
}

export type Opened =
  | { readonly kind: 'open'; readonly endpoint: string }
  | { readonly kind: 'unreachable'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string };

export class Upline {
  private exchange: ReturnType<Upstream['send']> | null = null;
  private settle: ((opened: Opened) => void) | null = null;
  private isOpen = false;
  private isClosed = false;
  private held: Buffer[] = [];
  private heldBytes = 0;
  private endpointText = '';
  private message: Message | null = null;
  private start = 0;
  private chunk: Buffer = Buffer.alloc(0);
  private readonly scanner = new MessageScanner((message) => (this.message = message));
  private readonly parser = new SseParser({
    onData: (chunk, start, end) => this.takeData(chunk, start, end),
    onEvent: (fields, end) => this.endEvent(fields, end),
  });

  readonly upstream: Upstream;
  private readonly listener: UplineListener;

  constructor(upstream: Upstream, listener: UplineListener) {
    this.upstream = upstream;
    this.listener = listener;
  }

  /** Connects, and waits for the endpoint to be named. Never rejects. */
  open(path: string, headers: readonly string[]): Promise<Opened> {
    return new Promise((resolve) => {
      const timer = setTimeout(
        () => this.fail('refused', 'the SSE endpoint did not name its message URI in time'),
        ENDPOINT_TIMEOUT_MS,
      );
      this.settle = (opened) => {
        clearTimeout(timer);
        this.settle = null;
        resolve(opened);
      };
      this.exchange = this.upstream.send(
        { method: 'GET', path, headers: [...headers], body: null },
        {
          onHead: (head) => {
            if (head.status === 200 && isEventStream(head)) return;
            this.fail('refused', `the SSE endpoint answered with status ${head.status}`);
          },
          onData: (chunk) => this.take(chunk),
          onEnd: () => this.gone('ended'),
          onLost: (loss) => this.gone(loss.reason),
        },
      );
    });
  }

  close(): void {
    this.isClosed = true;
    this.exchange?.abort();
    this.settle?.({ kind: 'unreachable', reason: 'closed' });
  }

  pause(): void {
    this.exchange?.pause();
  }

  resume(): void {
    this.exchange?.resume();
  }

  private fail(kind: 'refused' | 'unreachable', reason: string): void {
    this.settle?.({ kind, reason });
    this.close();
  }

  private gone(reason: string): void {
    if (this.isClosed) return;
    this.isClosed = true;
    if (this.settle !== null) this.settle({ kind: 'unreachable', reason });
    else this.listener.onGone(this);
  }

  private take(chunk: Buffer): void {
    this.chunk = chunk;
    this.start = 0;
    this.parser.push(chunk);
    if (this.isClosed || this.start === chunk.length) return;
    this.held.push(chunk.subarray(this.start));
    this.heldBytes += chunk.length - this.start;
    if (this.heldBytes > HELD_BYTES) this.listener.onPiece(this, this.takeHeld());
  }

  private takeData(chunk: Buffer, start: number, end: number): void {
    if (this.isOpen) this.scanner.push(chunk, start, end);
    else if (this.endpointText.length < MAX_ENDPOINT_BYTES)
      this.endpointText += chunk.toString('utf8', start, end);
  }

  private endEvent(fields: SseFields, end: number): void {
    this.held.push(this.chunk.subarray(this.start, end));
    this.start = end;
    const bytes = this.takeHeld();
    const { message } = this;
    this.message = null;
    this.scanner.reset();
    if (this.isOpen) this.listener.onEvent(this, bytes, message);
    else if (fields.event === 'endpoint') this.openAt(this.endpointText);
  }

  private openAt(text: string): void {
    const base = `http://${this.upstream.host}:${this.upstream.port}`;
    if (!URL.canParse(text, base)) {
      this.fail('refused', 'the SSE endpoint named a message URI that is none');
      return;
    }
    const { pathname, search } = new URL(text, base);
    this.isOpen = true;
    this.settle?.({ kind: 'open', endpoint: pathname + search });
  }

  private takeHeld(): Buffer {
    const [only] = this.held;
    const all = this.held.length === 1 && only !== undefined ? only : Buffer.concat(this.held);
    this.held = [];
    this.heldBytes = 0;
    return all;
  }
}
