/**
 * One connection to an instance's legacy SSE endpoint (2024-11-05): its first event names the URI
 * that messages are posted to, all others are handed on.
 */
import type { ResponseHead } from '../http1/response-head.js';
import type { Upstream } from '../upstream.js';
import { isEventStream } from './answer.js';
import { denialIn, type Denial } from './denial.js';
import { sendFollowing, type Sending } from './slash-redirect.js';
import { eventData, EventRelay, type RelayedEvent, type Verdict } from './event-relay.js';

const ENDPOINT_TIMEOUT_MS = 10_000;
/** A larger event is passed on in pieces. */
const HELD_BYTES = 256 * 1024;

export interface UplineListener {
  /** An event, and what is to be done with it. */
  onEvent(upline: Upline, event: RelayedEvent): Verdict;
  /** Bytes for the client; false when it does not keep up. */
  onBytes(upline: Upline, bytes: Buffer): boolean;
  /** The connection ended; not called after `close`. */
  onGone(upline: Upline): void;
}

export type Opened =
  | { readonly kind: 'open'; readonly endpoint: string }
  | { readonly kind: 'unreachable'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'denied'; readonly reason: string; readonly denial: Denial };

export class Upline {
  /** Of the session's binding that it is opened for. */
  readonly generation: number;
  private readonly upstream: Upstream;
  private readonly listener: UplineListener;
  private readonly relay: EventRelay;
  private exchange: Sending | null = null;
  private settle: ((opened: Opened) => void) | null = null;
  private isOpen = false;
  private isClosed = false;

  constructor(upstream: Upstream, generation: number, listener: UplineListener) {
    this.generation = generation;
    this.upstream = upstream;
    this.listener = listener;
    this.relay = new EventRelay((event) => this.onEvent(event), HELD_BYTES);
  }

  /** Part of an event has been handed on, and its rest has not come. */
  get isMidEvent(): boolean {
    return !this.isClosed && this.relay.isMidEvent;
  }

  /** Connects, and waits for the endpoint to be named. Never rejects. */
  open(path: string, headers: readonly string[]): Promise<Opened> {
    return new Promise((resolve) => {
      const timer = setTimeout(
        () => this.fail('the SSE endpoint did not name its message URI in time'),
        ENDPOINT_TIMEOUT_MS,
      );
      this.settle = (opened) => {
        clearTimeout(timer);
        this.settle = null;
        resolve(opened);
      };
      this.exchange = sendFollowing(
        this.upstream,
        { method: 'GET', path, headers: [...headers], body: null },
        {
          onHead: (head) => {
            if (head.status === 200 && isEventStream(head)) return;
            this.refused(head);
          },
          onData: (chunk) => this.take(chunk),
          onEnd: () => this.gone('it ended the stream'),
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

  private fail(reason: string): void {
    this.settle?.({ kind: 'refused', reason });
    this.close();
  }

  private refused(head: ResponseHead): void {
    const reason = `the SSE endpoint answered with status ${head.status}`;
    const denial = denialIn(head, '');
    if (denial !== null) this.settle?.({ kind: 'denied', reason, denial });
    this.fail(reason);
  }

  private gone(reason: string): void {
    if (this.isClosed) return;
    this.isClosed = true;
    if (this.settle !== null) this.settle({ kind: 'unreachable', reason });
    else this.listener.onGone(this);
  }

  private take(chunk: Buffer): void {
    for (const piece of this.relay.push(chunk)) {
      if (!this.listener.onBytes(this, piece)) this.pause();
    }
  }

  private onEvent(event: RelayedEvent): Verdict {
    if (this.isOpen) return this.listener.onEvent(this, event);
    if (event.fields.event === 'endpoint') this.openAt(eventData(event.raw() ?? Buffer.alloc(0)));
    return 'drop';
  }

  private openAt(text: string): void {
    const base = `http://${this.upstream.host}:${this.upstream.port}`;
    if (!URL.canParse(text, base)) {
      this.fail('the SSE endpoint named a message URI that is none');
      return;
    }
    const { pathname, search } = new URL(text, base);
    this.isOpen = true;
    this.settle?.({ kind: 'open', endpoint: pathname + search });
  }
}
