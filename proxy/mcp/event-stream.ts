/**
 * A client's GET stream. It stays open while the session moves: the instance behind it changes, the
 * client does not see it.
 */
import type { ServerResponse } from 'node:http';
import type { Follower, Session } from '../session.js';
import type { Binding, Pin } from '../pin.js';
import type { Plane } from '../plane.js';
import type { AnswerHead } from '../upstream.js';
import { Answer, isEventStream } from './answer.js';
import { Attempt, type AnswerSink, type AttemptEnd } from './attempt.js';
import { REFUSALS } from './refusals.js';

const REATTACH_PAUSE_MS = 100;
/** Streams that are cut sooner than this are attached again with growing pauses. */
const STEADY_MS = 5_000;
const MAX_PAUSE_MS = 5_000;

export interface StreamRequest {
  readonly res: ServerResponse;
  readonly path: string;
  readonly headers: readonly string[];
}

export class EventStream implements Follower, AnswerSink {
  private readonly answer: Answer;
  private attempt: Attempt | null = null;
  private isGone = false;
  /** The instance offers no stream; the client's stays open for the time when one does. */
  private parked = false;
  private wake: (() => void) | null = null;
  private pauseMs = REATTACH_PAUSE_MS;

  private readonly plane: Plane;
  private readonly pin: Pin;
  private readonly session: Session | null;
  private readonly request: StreamRequest;

  constructor(plane: Plane, pin: Pin, session: Session | null, request: StreamRequest) {
    this.plane = plane;
    this.pin = pin;
    this.session = session;
    this.request = request;
    this.answer = new Answer(request.res, { sessionId: pin.clientId, onMessage: () => undefined });
  }

  /** Resolves when the stream is over. Never rejects. */
  async run(): Promise<void> {
    const { res } = this.request;
    res.once('close', () => this.leave());
    this.session?.followers.add(this);
    try {
      for (;;) if ((await this.attachOnce()) === 'done') return;
    } finally {
      this.session?.followers.delete(this);
    }
  }

  /** The session moved: attach to where it is now. */
  follow(): void {
    this.attempt?.stop('moved');
    this.wake?.();
  }

  begin(head: AnswerHead): void {
    this.parked = this.request.res.headersSent && !isEventStream(head);
    if (!this.parked) this.answer.begin(head);
  }

  push(chunk: Buffer): boolean {
    return this.parked || this.answer.push(chunk);
  }

  private leave(): void {
    this.isGone = true;
    this.attempt?.stop('client-gone');
    this.wake?.();
  }

  private async attachOnce(): Promise<'done' | 'again'> {
    const acquired = await this.pin.acquire(this.request.headers);
    if (this.isGone) return 'done';
    if (acquired.kind === 'unavailable') return this.onUnavailable();
    const { binding } = acquired;
    const attachedAt = performance.now();
    const end = await this.attach(binding);
    if (performance.now() - attachedAt > STEADY_MS) this.pauseMs = REATTACH_PAUSE_MS;
    return this.judge(end, binding);
  }

  private async attach(binding: Binding): Promise<AttemptEnd> {
    const { res, path, headers } = this.request;
    const meter = this.plane.tracks.meter(binding.track);
    this.attempt = new Attempt({
      binding,
      request: { method: 'GET', path, headers, body: null },
      answer: this,
      onceDrained: (resume) => res.once('drain', resume),
    });
    meter.streams += 1;
    const end = await this.attempt.run();
    meter.streams -= 1;
    return end;
  }

  private async judge(end: AttemptEnd, binding: Binding): Promise<'done' | 'again'> {
    if (this.isGone) return 'done';
    switch (end.kind) {
      case 'ended':
        if (this.parked) return this.park();
        this.answer.end();
        return 'done';
      case 'stopped':
        return 'again';
      case 'unknown-session':
        this.pin.forget(binding);
        return this.pause();
      case 'lost':
        if (end.loss.kind === 'unreachable') this.pin.unreachable(binding, 0);
        if (this.session === null) return this.onUnavailable();
        return this.pause();
    }
  }

  private onUnavailable(): Promise<'done' | 'again'> | 'done' {
    if (this.request.res.headersSent && this.session !== null) return this.pause();
    this.answer.fail(
      [],
      { code: REFUSALS.unavailable, message: 'the server cannot be reached' },
      503,
    );
    return 'done';
  }

  private async pause(): Promise<'again'> {
    await this.plane.clock.sleep(this.pauseMs);
    this.pauseMs = Math.min(this.pauseMs * 2, MAX_PAUSE_MS);
    return 'again';
  }

  /** Waits until the session moves or the client leaves. */
  private async park(): Promise<'done' | 'again'> {
    await new Promise<void>((resolve) => (this.wake = resolve));
    this.wake = null;
    return this.isGone ? 'done' : 'again';
  }
}
