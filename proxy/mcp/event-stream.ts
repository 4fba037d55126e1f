/**
 * A client's GET stream. It stays open while the session moves: the instance behind it changes, the
 * client does not see it.
 */
import type { ServerResponse } from 'node:http';
import { Backoff } from '../backoff.js';
import type { StopReason } from '../live-call.js';
import type { Binding, Unbound } from '../pin.js';
import type { Plane } from '../plane.js';
import type { Session } from '../session.js';
import type { Stoppable } from '../tracks.js';
import type { ResponseHead } from '../http1/response-head.js';
import { Answer, isEventStream } from './answer.js';
import { Attempt, type AnswerSink, type AttemptEnd } from './attempt.js';
import { sendDenial } from './denial.js';
import { taggedToken, untagged } from './generation.js';
import { streamHeaders } from './handshake.js';
import { isRequest, isResponse, type Message } from './message-scanner.js';
import { REFUSALS, refuseResumption } from './refusals.js';
import { resumeElsewhere } from './resume.js';

/** An instance that offers no stream is asked again after it: the session may be on another one. */
const PARKED_MS = 30_000;
const LAST_EVENT_ID = 'last-event-id';
/** No stream for now: 409 while the instance has not noticed yet that its last one was cut. */
const FOR_NOW: ReadonlySet<number> = new Set([409, 429, 502, 503, 504]);

export interface StreamRequest {
  readonly res: ServerResponse;
  readonly path: string;
  readonly headers: readonly string[];
  /** The event after which the client resumes a stream; null for a new one. */
  readonly lastEventId: string | null;
}

type Next = 'done' | 'again';

export class EventStream implements Stoppable, AnswerSink {
  private readonly plane: Plane;
  private readonly session: Session;
  private readonly request: StreamRequest;
  private readonly answer: Answer;
  private attempt: Attempt | null = null;
  private isGone = false;
  /** The instance offers no stream; the client's stays open for the time when one does. */
  private isParked = false;
  private status = 0;
  /** The one that the stream was attached to last. */
  private binding: Binding | null = null;
  private readonly backoff: Backoff;

  constructor(plane: Plane, session: Session, request: StreamRequest) {
    this.plane = plane;
    this.session = session;
    this.request = request;
    this.backoff = new Backoff(plane.clock);
    this.answer = new Answer(request.res, {
      sessionId: session.id,
      onMessage: (message) => this.onMessage(message),
    });
  }

  /** Resolves when the stream is over. Never rejects. */
  async run(): Promise<void> {
    this.request.res.once('close', () => this.stop('client-gone'));
    this.plane.streams.add(this.request.res);
    this.session.streams += 1;
    try {
      for (;;) if ((await this.attachOnce()) === 'done') return;
    } finally {
      this.session.streams -= 1;
    }
  }

  stop(by: StopReason): void {
    if (by === 'client-gone') this.isGone = true;
    this.attempt?.stop(by);
    this.backoff.wake();
  }

  begin(head: ResponseHead, generation: number): void {
    this.status = head.status;
    this.isParked = this.request.res.headersSent && !isEventStream(head);
    if (!this.isParked) this.answer.begin(head, generation);
  }

  push(chunk: Buffer): boolean {
    return this.isParked || this.answer.push(chunk);
  }

  private async attachOnce(): Promise<Next> {
    const acquired = await this.session.acquire();
    if (this.isGone) return 'done';
    if (acquired.kind !== 'bound') return this.onUnavailable(acquired);
    const { binding } = acquired;
    this.leave(binding);
    const { lastEventId, res } = this.request;
    const isStale = lastEventId !== null && untagged(lastEventId).generation !== binding.generation;
    if (isStale && !res.headersSent) {
      if (this.session.suspended.size > 0)
        return resumeElsewhere(this.plane, this.session, res, binding);
      if (this.session.streams > 1) return this.refuse();
    }
    const attachedAt = performance.now();
    const end = await this.attach(binding);
    this.backoff.held(performance.now() - attachedAt);
    return this.judge(end, binding);
  }

  /** Goes on at that instance: what one that is gone has asked is not waited for any more. */
  private leave(next: Binding): void {
    const { binding: last, session } = this;
    this.binding = next;
    if (last === null || session.bindingOf(last.generation) !== null) return;
    this.answer.say(session.asked.cancel(last));
  }

  private onMessage(message: Message): void {
    const { session, binding } = this;
    if (isResponse(message)) session.suspended.answered(message);
    else if (isRequest(message) && binding !== null)
      session.asked.add(taggedToken(message.id ?? '', binding.generation), binding);
  }

  private async attach(binding: Binding): Promise<AttemptEnd> {
    const { res, path } = this.request;
    const { open } = this.plane.tracks.meter(binding.track);
    this.attempt = new Attempt({
      binding,
      request: { method: 'GET', path, headers: this.headersFor(binding), body: null },
      answer: this,
      onceDrained: (resume) => res.once('drain', resume),
    });
    open.add(this);
    const end = await this.attempt.run();
    open.delete(this);
    this.attempt = null;
    return end;
  }

  /** A call's stream, whose answer the client has: SDK 1 resumes it all the same after an error. */
  private refuse(): Next {
    refuseResumption(this.request.res);
    return 'done';
  }

  /** The event id as the instance knows it; none when the stream goes on at another instance. */
  private headersFor(binding: Binding): string[] {
    const { lastEventId, res } = this.request;
    // A stream may outlive the credentials that it was opened with.
    const headers = res.headersSent ? streamHeaders(this.session.headers) : this.request.headers;
    const out = headers.filter((_, i) => headers[i - (i % 2)]?.toLowerCase() !== LAST_EVENT_ID);
    const told = lastEventId === null || res.headersSent ? null : untagged(lastEventId);
    const cursor = this.answer.cursor ?? (told && { id: told.own, generation: told.generation });
    if (cursor?.generation === binding.generation) out.push(LAST_EVENT_ID, cursor.id);
    return out;
  }

  private async judge(end: AttemptEnd, binding: Binding): Promise<Next> {
    if (this.isGone) return 'done';
    switch (end.kind) {
      case 'ended':
        if (this.isParked) return this.onRefused(binding);
        this.answer.end();
        return 'done';
      case 'stopped':
        return 'again';
      case 'unknown-session':
        this.session.forget(binding);
        return this.pause();
      case 'lost':
        if (end.loss.kind === 'unreachable') this.session.unreachable(binding);
        return this.pause();
    }
  }

  /** The client's stream is open, and the instance gave none. */
  private onRefused(binding: Binding): Promise<Next> {
    const isResumed = this.answer.cursor !== null;
    this.answer.forgetCursor();
    return isResumed || FOR_NOW.has(this.status) ? this.pause() : this.park(binding);
  }

  private onUnavailable(acquired: Unbound): Next | Promise<Next> {
    const { res } = this.request;
    if (res.headersSent) return this.pause();
    if (acquired.kind === 'denied') {
      sendDenial(res, acquired.denial);
      return 'done';
    }
    const error = { code: REFUSALS.unavailable, message: 'the server cannot be reached' };
    this.answer.fail([], error, 503);
    return 'done';
  }

  private async pause(): Promise<Next> {
    await this.backoff.pause();
    return this.goOn();
  }

  /** Waits until the session leaves the track or the client leaves, or for long enough. */
  private async park({ track }: Binding): Promise<Next> {
    const { open } = this.plane.tracks.meter(track);
    open.add(this);
    await this.backoff.rest(PARKED_MS);
    open.delete(this);
    return this.goOn();
  }

  private goOn(): Next {
    return this.isGone || this.session.isClosed ? this.finish() : 'again';
  }

  private finish(): Next {
    this.request.res.end();
    return 'done';
  }
}
