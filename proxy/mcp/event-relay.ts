/**
 * Passes an event stream on event by event, telling what is in each: only whole events are let
 * through, so that a cut leaves nothing half-said, and single ones can be dropped or replaced.
 *
 * An event that outgrows the limit is passed on in pieces; it can then no longer be replaced.
 */
import { MessageScanner, type Message } from './message-scanner.js';
import { SseParser, type SseFields } from './sse-parser.js';

export interface RelayedEvent {
  readonly fields: SseFields;
  readonly messages: readonly Message[];
  /** The event as it came, null when it was too large to be held. */
  raw(): Buffer | null;
}

/** What is to be done with an event: let it pass, drop it, or put another in its place. */
export type Verdict = 'pass' | 'drop' | Buffer;

export class EventRelay {
  private readonly decide: (event: RelayedEvent) => Verdict;
  private readonly heldLimit: number;
  private readonly scanner: MessageScanner;
  private readonly parser: SseParser;
  private messages: Message[] = [];
  /** Bytes of the unfinished event that came in earlier chunks. */
  private held: Buffer[] = [];
  private heldBytes = 0;
  /** Pieces of the unfinished event have been passed on. */
  private spilled = false;
  private chunk: Buffer = Buffer.alloc(0);
  /** In the chunk: where the bytes begin that are not yet in `out`, and the event under way. */
  private from = 0;
  private eventStart = 0;
  private out: Buffer[] = [];

  constructor(decide: (event: RelayedEvent) => Verdict, heldLimit: number) {
    this.decide = decide;
    this.heldLimit = heldLimit;
    this.scanner = new MessageScanner((message) => this.messages.push(message));
    this.parser = new SseParser({
      onData: (chunk, start, end) => this.scanner.push(chunk, start, end),
      onEvent: (fields, end) => this.endEvent(fields, end),
    });
  }

  /** Part of an unfinished event has been passed on. */
  get isMidEvent(): boolean {
    return this.spilled;
  }

  /** Takes a chunk; gives what can be passed on now. */
  push(chunk: Buffer): readonly Buffer[] {
    this.chunk = chunk;
    this.from = 0;
    this.eventStart = 0;
    this.out = [];
    this.parser.push(chunk);
    this.pass(this.eventStart);
    if (this.eventStart < chunk.length) this.hold(chunk.subarray(this.eventStart));
    return this.out;
  }

  private pass(end: number): void {
    if (end > this.from) this.out.push(this.chunk.subarray(this.from, end));
    this.from = end;
  }

  private hold(bytes: Buffer): void {
    this.held.push(bytes);
    this.heldBytes += bytes.length;
    if (this.spilled || this.heldBytes > this.heldLimit) {
      this.spilled = true;
      this.releaseHeld();
    }
  }

  private releaseHeld(): void {
    this.out.push(...this.held);
    this.held = [];
    this.heldBytes = 0;
  }

  private endEvent(fields: SseFields, end: number): void {
    const raw = (): Buffer | null =>
      this.spilled
        ? null
        : Buffer.concat([...this.held, this.chunk.subarray(this.eventStart, end)]);
    const verdict = this.decide({ fields, messages: this.messages, raw });
    if (verdict === 'pass' || this.spilled) this.releaseHeld();
    else {
      this.pass(this.eventStart);
      this.held = [];
      this.heldBytes = 0;
      if (verdict !== 'drop') this.out.push(verdict);
      this.from = end;
    }
    this.eventStart = end;
    this.spilled = false;
    this.messages = [];
    this.scanner.reset();
  }
}

/** The data of an event, its lines joined (WHATWG HTML, 9.2.6). */
export function eventData(raw: Buffer): string {
  return raw
    .toString('utf8')
    .split(/\r\n|\n|\r/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(line.startsWith('data: ') ? 6 : 5))
    .join('\n');
}
