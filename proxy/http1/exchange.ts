/**
 * One request to an instance, and what becomes of it.
 *
 * 1. After `abort`, `onEnd` or `onLost` no event follows.
 * 2. `onLost` tells whether the request can have been executed: only a `cut` one can.
 */
import type { Connection } from './connection.js';
import type { ResponseHead } from './response-head.js';
import type { ResponseListener } from './response-parser.js';

/**
 * How a request was lost: `unreachable` never left this process, `cut` may have been executed,
 * `invalid` cannot be sent at all.
 */
export interface Loss {
  readonly kind: 'unreachable' | 'cut' | 'invalid';
  readonly reason: string;
}

export interface ExchangeEvents {
  onHead(head: ResponseHead): void;
  /** The chunk is the receiver's to keep. */
  onData(chunk: Buffer): void;
  onEnd(): void;
  onLost(loss: Loss): void;
}

export class Exchange implements ResponseListener {
  private readonly events: ExchangeEvents;
  private connection: Connection | null = null;
  private isOver = false;

  constructor(events: ExchangeEvents) {
    this.events = events;
  }

  /** Closes the connection at once, unless the exchange is over. */
  abort(): void {
    this.finish()?.destroy();
  }

  /** Takes nothing more from the instance until `resume`, but what has been read already. */
  pause(): void {
    this.connection?.pause();
  }

  resume(): void {
    this.connection?.resume();
  }

  /** It goes out on that connection. */
  startOn(connection: Connection): void {
    this.connection = connection;
  }

  lost(loss: Loss): void {
    if (this.isOver) return;
    this.finish();
    this.events.onLost(loss);
  }

  onHead(head: ResponseHead): void {
    if (!this.isOver) this.events.onHead(head);
  }

  onBody(bytes: Buffer): void {
    if (!this.isOver) this.events.onData(Buffer.from(bytes));
  }

  onEnd(): void {
    if (this.isOver) return;
    this.finish()?.finished();
    this.events.onEnd();
  }

  /** Lets go of the connection, which is another's from now on, and gives it. */
  private finish(): Connection | null {
    const { connection } = this;
    this.isOver = true;
    this.connection = null;
    return connection;
  }
}
