/** One try to have a request answered by one instance, with what became of it as data. */
import { SESSION_HEADER } from '../headers.js';
import type { StopReason } from '../live-call.js';
import type { Binding } from '../pin.js';
import type { ExchangeEvents, Loss } from '../http1/exchange.js';
import type { ResponseHead } from '../http1/response-head.js';
import { sendFollowing, type Sending } from './slash-redirect.js';

const MAX_REFUSAL_BYTES = 4_096;

export type AttemptEnd =
  /** The instance's answer is whole, or its stream ended as it should. */
  | { readonly kind: 'ended'; readonly status: number }
  /** The instance does not know the session: nothing was executed. */
  | { readonly kind: 'unknown-session' }
  | { readonly kind: 'lost'; readonly loss: Loss }
  /** We stopped it: the client left, time was up, or the track's drain time was. */
  | { readonly kind: 'stopped'; readonly by: StopReason };

export interface AttemptRequest {
  readonly method: 'POST' | 'GET' | 'DELETE';
  readonly path: string;
  readonly headers: readonly string[];
  readonly body: Buffer | null;
}

/** Where an answer goes. */
export interface AnswerSink {
  /** `generation`: of the session's instance that answers. */
  begin(head: ResponseHead, generation: number): void;
  /** False when the client does not keep up. */
  push(chunk: Buffer): boolean;
}

export interface AttemptOptions {
  readonly binding: Binding;
  readonly request: AttemptRequest;
  readonly answer: AnswerSink;
  /** Resolves when the client takes more. */
  onceDrained(resume: () => void): void;
  /** Sees the head before the client does. */
  onHead?(head: ResponseHead): void;
}

export class Attempt implements ExchangeEvents {
  private exchange: Sending | null = null;
  private settle: ((end: AttemptEnd) => void) | null = null;
  private status = 0;
  /** The client does not keep up; what has been read by then still comes. */
  private isPaused = false;
  /** A 400 or 404 that may mean that the session is unknown, until its body has been read. */
  private refusal: { head: ResponseHead; chunks: Buffer[]; bytes: number } | null = null;

  private readonly options: AttemptOptions;

  constructor(options: AttemptOptions) {
    this.options = options;
  }

  /** Never rejects. */
  run(): Promise<AttemptEnd> {
    const { binding, request } = this.options;
    const headers = [...request.headers];
    if (binding.upstreamId !== null) headers.push(SESSION_HEADER, binding.upstreamId);
    return new Promise((resolve) => {
      this.settle = resolve;
      const { method, path, body } = request;
      this.exchange = sendFollowing(binding.upstream, { method, path, headers, body }, this);
    });
  }

  /** Ends it from our side; the upstream connection closes at once. */
  stop(by: StopReason): void {
    this.exchange?.abort();
    this.finish({ kind: 'stopped', by });
  }

  // What comes from the instance.

  onHead(head: ResponseHead): void {
    this.status = head.status;
    const maybeUnknown = head.status === 404 || head.status === 400;
    if (maybeUnknown && this.options.binding.upstreamId !== null) {
      this.refusal = { head, chunks: [], bytes: 0 };
    } else this.pass(head);
  }

  onData(chunk: Buffer): void {
    if (this.refusal !== null) {
      this.refusal.chunks.push(chunk);
      this.refusal.bytes += chunk.length;
      if (this.refusal.bytes > MAX_REFUSAL_BYTES) this.passRefusal();
      return;
    }
    if (this.options.answer.push(chunk) || this.isPaused) return;
    this.isPaused = true;
    this.exchange?.pause();
    this.options.onceDrained(() => this.resume());
  }

  onEnd(): void {
    const { refusal } = this;
    if (refusal !== null) {
      const text = Buffer.concat(refusal.chunks).toString('utf8');
      if (meansUnknownSession(refusal.head.status, text))
        return this.finish({ kind: 'unknown-session' });
      this.passRefusal();
    }
    this.finish({ kind: 'ended', status: this.status });
  }

  onLost(loss: Loss): void {
    this.finish({ kind: 'lost', loss });
  }

  private resume(): void {
    this.isPaused = false;
    this.exchange?.resume();
  }

  private pass(head: ResponseHead): void {
    this.options.onHead?.(head);
    this.options.answer.begin(head, this.options.binding.generation);
  }

  private passRefusal(): void {
    const { refusal } = this;
    this.refusal = null;
    if (refusal === null) return;
    this.pass(refusal.head);
    for (const chunk of refusal.chunks) this.options.answer.push(chunk);
  }

  private finish(end: AttemptEnd): void {
    this.settle?.(end);
    this.settle = null;
    this.exchange = null;
  }
}

/**
 * A refused request whose session the instance does not know. The specification says 404 (2025-03-26
 * and later, Session Management); servers built on the SDK's examples say 400 with a message about
 * the session. 404 with -32601 is an unknown method (2026-07-28), not a lost session.
 */
export function meansUnknownSession(status: number, body: string): boolean {
  if (status === 404) return !body.includes('-32601');
  return status === 400 && /session|not initialized/i.test(body);
}
