/**
 * What the client of one request is answered. What it has been sent so far decides how it can still be
 * answered: nothing yet: anything; an open event stream: further events, of another instance if need
 * be; half a large JSON body: only the truth, a broken connection.
 *
 * 1. Small bodies are held until they are whole, so that a cut one can be replaced.
 * 2. Of an event stream only whole events are passed on, unless one outgrows the limit.
 */
import type { ServerResponse } from 'node:http';
import { answerHeaders, headerOf, SESSION_HEADER } from '../headers.js';
import type { ResponseHead } from '../http1/response-head.js';
import { primingEvent, type CallEventIds } from './call-event-id.js';
import { eventData, EventRelay, type RelayedEvent, type Verdict } from './event-relay.js';
import { tagEvent } from './generation.js';
import { isResponse, MessageScanner, type Message } from './message-scanner.js';
import { errorMessage, type RpcError } from './refusals.js';
import { sseEvent } from './sse-event.js';

const HELD_BYTES = 64 * 1024;
/** In a session that has moved, whole events are needed to tell its instances' ids apart. */
const HELD_BYTES_WHEN_MOVED = 4 << 20;
/** In every `"error"` and `"isError"`. */
const ERROR_MARK = Buffer.from('rror"');
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;

const OWN_HEADERS: ReadonlySet<string> = new Set([SESSION_HEADER]);
const OWN_AND_LENGTH: ReadonlySet<string> = new Set([SESSION_HEADER, 'content-length']);

/** `wrapped`: a JSON answer goes into an event stream that the client already has open. */
type Mode = 'idle' | 'held' | 'raw' | 'events' | 'wrapped';

/** The last event that was passed on whole and had an id, as its instance gave it. */
export interface EventCursor {
  readonly id: string;
  readonly generation: number;
}

/** Where an answer goes on that has begun: the client's response, or what stands in for it. */
export interface Outlet {
  readonly headersSent: boolean;
  /** False when the client does not keep up. */
  write(bytes: string | Buffer): boolean;
  end(bytes?: string): unknown;
}

export interface AnswerOptions {
  /** The id that the client knows, told with every answer. */
  sessionId: string | null;
  onMessage(message: Message): void;
  /** The only answer that is waited for is a result, no error; in place of `onMessage`. */
  readonly onPlainResult?: () => void;
  /** Events with these messages are not for the client. */
  readonly isStray?: (messages: readonly Message[]) => boolean;
  /** Event ids for a stream whose instance has given none by the time that its head goes out. */
  readonly prime?: () => CallEventIds | null;
  /** Sees each message whole, as text, unless it is larger than HELD_BYTES. */
  onText?: (text: string) => void;
}

export class Answer {
  /** Takes the head. */
  private readonly res: ServerResponse;
  private out: Outlet;
  private readonly options: AnswerOptions;
  /** Made when it is needed: most answers are told without. */
  private scanner: MessageScanner | null = null;
  private mode: Mode = 'idle';
  private head: ResponseHead | null = null;
  private held: Buffer[] = [];
  private heldBytes = 0;
  private relay: EventRelay | null = null;
  private lastEvent: EventCursor | null = null;
  /** Ours, when the stream was begun with one. */
  private eventIds: CallEventIds | null = null;

  constructor(res: ServerResponse, options: AnswerOptions) {
    this.res = res;
    this.out = res;
    this.options = options;
  }

  /** The client has an open event stream. */
  get isStreaming(): boolean {
    return this.out.headersSent && (this.mode === 'events' || this.mode === 'wrapped');
  }

  /** The stream can go on elsewhere: no event is half said. */
  get isBetweenEvents(): boolean {
    return this.mode === 'events' && this.relay?.isMidEvent !== true;
  }

  /** The stream goes on there. */
  redirect(to: Outlet): void {
    this.out = to;
  }

  /** Another attempt, or an error of ours, can still take the place of what came so far. */
  get isReplaceable(): boolean {
    return this.mode !== 'raw';
  }

  /** The instance gave event ids: the client can resume the stream there. */
  get isResumable(): boolean {
    return this.lastEvent !== null;
  }

  /** Where the stream can be taken up. */
  get cursor(): EventCursor | null {
    return this.lastEvent;
  }

  /** The stream cannot be taken up there. */
  forgetCursor(): void {
    this.lastEvent = null;
  }

  /** The instance's status, 0 before it is known. */
  get status(): number {
    return this.head?.status ?? 0;
  }

  set sessionId(id: string) {
    this.options.sessionId = id;
  }

  /** An answer begins, of the session's instance of that generation. */
  begin(head: ResponseHead, generation: number): void {
    this.reset();
    this.head = head;
    const isStream = isEventStream(head);
    if (isStream) this.beginEvents(head, generation);
    else if (this.out.headersSent) this.beginWrapped();
    else this.mode = 'held';
  }

  /** Takes bytes of the answer; false when the client does not keep up. */
  push(chunk: Buffer): boolean {
    switch (this.mode) {
      case 'events':
        return this.writeAll(this.relay?.push(chunk) ?? []);
      case 'wrapped':
        this.scan(chunk);
        return this.out.write(withoutNewlines(chunk));
      case 'raw':
        this.scan(chunk);
        return this.out.write(chunk);
      case 'held':
        return this.hold(chunk);
      case 'idle':
        return true;
    }
  }

  /** The instance's answer is whole. */
  end(): void {
    if (this.mode === 'held') this.endHeld();
    else if (this.mode === 'wrapped') this.out.end('\n\n');
    else this.out.end();
  }

  /** Forgets what was held of an attempt that failed, and ends an event that was cut in the middle. */
  reset(): void {
    if (this.mode === 'wrapped' || this.relay?.isMidEvent === true) this.out.write('\n\n');
    if (!this.out.headersSent) this.mode = 'idle';
    else if (this.mode === 'wrapped') this.mode = 'events';
    this.relay = null;
    this.takeHeld();
    this.scanner = null;
  }

  /** Adds events of ours to the client's open stream. */
  say(events: string): void {
    if (!this.isStreaming || events === '') return;
    this.reset();
    this.out.write(events);
  }

  /** Ends the answer with an error of ours for each of `ids`. */
  fail(ids: readonly string[], error: RpcError, status = 200): void {
    this.reset();
    if (this.out.headersSent) {
      const says = (id: string): string =>
        sseEvent(errorMessage(id, error), 'message', this.eventIds?.over);
      if (this.mode === 'raw') this.res.destroy();
      else this.out.end(ids.map(says).join(''));
      return;
    }
    const messages = ids.map((id) => errorMessage(id, error));
    const body =
      messages.length > 1 ? `[${messages.join(',')}]` : (messages[0] ?? errorMessage(null, error));
    const headers = ['content-type', 'application/json'];
    headers.push('content-length', String(Buffer.byteLength(body)));
    this.addSession(headers);
    this.res.writeHead(status, headers);
    this.res.end(body);
  }

  private beginEvents(head: ResponseHead, generation: number): void {
    this.mode = 'events';
    const limit = generation === 0 ? HELD_BYTES : HELD_BYTES_WHEN_MOVED;
    this.relay = new EventRelay((event) => this.onEvent(event, generation), limit);
    if (this.out.headersSent) return;
    this.writeHead(head, answerHeaders(head.headers, OWN_HEADERS));
    // With the first event, if that has come in the same read: one packet instead of two.
    process.nextTick(() => this.sendHead(head));
  }

  /** Begins the stream with an event id of ours, where the instance gave none. */
  private sendHead({ status }: ResponseHead): void {
    const isOpen = status < 300 && this.lastEvent === null && this.isBetweenEvents;
    this.eventIds = isOpen ? (this.options.prime?.() ?? null) : null;
    if (this.eventIds === null) this.res.flushHeaders();
    else this.out.write(primingEvent(this.eventIds));
  }

  private beginWrapped(): void {
    this.mode = 'wrapped';
    this.out.write('event: message\ndata: ');
  }

  private onEvent(event: RelayedEvent, generation: number): Verdict {
    const { id } = event.fields;
    if (id !== null && id !== '') this.lastEvent = { id, generation };
    if (this.options.isStray?.(event.messages) === true) return 'drop';
    for (const message of event.messages) this.options.onMessage(message);
    const raw = this.options.onText === undefined ? null : event.raw();
    if (raw !== null && event.fields.hasData) this.options.onText?.(eventData(raw));
    const verdict = tagEvent(event, generation);
    return this.eventIds === null ? verdict : this.closing(event, verdict, this.eventIds);
  }

  /** An error that answers the call ends its stream: SDK 1 would come back for more. */
  private closing(event: RelayedEvent, verdict: Verdict, { over }: CallEventIds): Verdict {
    const isError = event.messages.some((message) => isResponse(message) && message.hasError);
    const bytes = verdict === 'pass' ? event.raw() : verdict;
    if (!isError || event.fields.id !== null || !Buffer.isBuffer(bytes)) return verdict;
    return Buffer.concat([Buffer.from(`id: ${over}\n`), bytes]);
  }

  private writeAll(pieces: readonly Buffer[]): boolean {
    let keepsUp = true;
    for (const piece of pieces) keepsUp = this.out.write(piece);
    return keepsUp;
  }

  private hold(chunk: Buffer): boolean {
    this.held.push(chunk);
    this.heldBytes += chunk.length;
    if (this.heldBytes <= HELD_BYTES || this.head === null) return true;
    this.mode = 'raw';
    this.writeHead(this.head, answerHeaders(this.head.headers, OWN_HEADERS));
    const body = this.takeHeld();
    this.scan(body);
    return this.res.write(body);
  }

  private endHeld(): void {
    const { head } = this;
    if (head === null) return;
    const body = this.takeHeld();
    this.tell(body, head.status);
    if (body.length > 0) this.options.onText?.(body.toString('utf8'));
    const headers = answerHeaders(head.headers, OWN_AND_LENGTH);
    if (head.status !== 204 && head.status !== 304)
      headers.push('content-length', String(body.length));
    this.writeHead(head, headers);
    // As a string, node:http sends head and body in one write.
    this.res.end(body.toString('latin1'), 'latin1');
  }

  /** What is in the body; most results are told by what they lack, without a look at the rest. */
  private tell(body: Buffer, status: number): void {
    const { onPlainResult } = this.options;
    const isPlain = status < 300 && !body.includes(ERROR_MARK);
    if (isPlain && onPlainResult !== undefined) onPlainResult();
    else this.scan(body);
  }

  private scan(chunk: Buffer): void {
    this.scanner ??= new MessageScanner((message) => this.options.onMessage(message));
    this.scanner.push(chunk);
  }

  private writeHead(head: ResponseHead, headers: string[]): void {
    this.addSession(headers);
    writeHeadSafely(this.res, head, headers);
  }

  private addSession(headers: string[]): void {
    const { sessionId } = this.options;
    if (sessionId !== null) headers.push(SESSION_HEADER, sessionId);
  }

  private takeHeld(): Buffer {
    const [only] = this.held;
    const all = this.held.length === 1 && only !== undefined ? only : Buffer.concat(this.held);
    this.held = [];
    this.heldBytes = 0;
    return all;
  }
}

/** The answer is a stream of server-sent events. */
export function isEventStream({ headers }: ResponseHead): boolean {
  return headerOf(headers, 'content-type')?.startsWith('text/event-stream') === true;
}

/**
 * Writes a head that came from an instance: node:http throws on a status below 100 and on control
 * characters, which must not end the process.
 */
export function writeHeadSafely(res: ServerResponse, head: ResponseHead, headers: string[]): void {
  const status = head.status >= 200 && head.status <= 999 ? head.status : 502;
  try {
    res.writeHead(status, cleanReason(head.statusMessage), headers);
  } catch {
    res.writeHead(502, { 'content-length': 0 });
  }
}

function cleanReason(reason: string): string {
  return /^[\t\x20-\x7e]*$/.test(reason) ? reason : '';
}

function withoutNewlines(chunk: Buffer): Buffer {
  if (!chunk.includes(LF) && !chunk.includes(CR)) return chunk;
  return Buffer.from(chunk.map((byte) => (byte === LF || byte === CR ? SPACE : byte)));
}
