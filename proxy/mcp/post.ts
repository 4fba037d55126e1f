/**
 * One POST on the MCP endpoint: finds an instance, and another one when that is lost, until the
 * client has its answer. Every request in it is answered once, and accounted for.
 *
 * 1. What never executed (unreachable, unknown session) is sent again wherever possible.
 * 2. What may have executed is sent again only when `mayReplay` says so; else its answer is a
 *    JSON-RPC error with the request's id.
 * 3. A client that goes away, and is not to come back (caller.ts), closes its upstream at once.
 */
import type { Outcome, Track } from '../../common/protocol.js';
import { Backoff } from '../backoff.js';
import type { LiveCall, StopReason } from '../live-call.js';
import { Patience } from '../patience.js';
import type { Acquired, Binding, Pin } from '../pin.js';
import type { Plane } from '../plane.js';
import type { ResponseHead } from '../http1/response-head.js';
import { Answer, isEventStream } from './answer.js';
import { Attempt, type AttemptEnd } from './attempt.js';
import { Caller } from './caller.js';
import { cancelUpstream } from './cancel.js';
import { sendDenial } from './denial.js';
import { isForOneInstance } from './from-client.js';
import { taggedToken } from './generation.js';
import { learnHints } from './hints.js';
import { Ledger } from './ledger.js';
import { isRequest, isResponse, type Message } from './message-scanner.js';
import { outcomeOfStatus } from './outcome.js';
import type { PostHooks, PostRequest } from './post-request.js';
import { lostBecause, REFUSALS, type RpcError } from './refusals.js';
import { mayReplay } from './replay.js';
import { Resumption, type Resumed } from './resumption.js';

/** Tries in which the instance was reached. */
const MAX_ATTEMPTS = 4;
/** How long a cut stream of a call that may be sent again is waited for. */
const RESUME_PATIENCE_MS = 5_000;

type Next = 'done' | 'again';

export class Post implements LiveCall {
  /** The requests that wait, by their ids. */
  readonly ids: Ledger;
  private readonly plane: Plane;
  private readonly pin: Pin;
  private readonly request: PostRequest;
  private readonly hooks: PostHooks;
  private readonly caller: Caller;
  private readonly answer: Answer;
  /** A stream of the stateless revision (2026-07-28): it lasts, and follows the client's track. */
  private readonly isListening: boolean;
  private attempt: Attempt | null = null;
  private resumption: Resumption | null = null;
  private binding: Binding | null = null;
  private stopped: 'client-gone' | 'timeout' | 'closing' | null = null;
  private reached = 0;
  /** An instance had it: the call may have been executed. */
  private mayHaveRun = false;
  private sentAt = 0;
  private readonly patience: Patience;
  /** Of a listening stream, between the instances that give it. */
  private readonly backoff: Backoff | null;

  constructor(plane: Plane, pin: Pin, request: PostRequest, hooks: PostHooks = {}) {
    this.plane = plane;
    this.pin = pin;
    this.request = request;
    this.hooks = hooks;
    this.patience = new Patience(plane.waiters);
    this.ids = new Ledger(plane.accounts, pin.label, request.messages);
    this.isListening = request.messages.some(({ method }) => method === 'subscriptions/listen');
    this.backoff = this.isListening ? new Backoff(plane.clock) : null;
    const { onText, callers = null } = hooks;
    const onGone = (): void => this.stop('client-gone');
    this.caller = new Caller({ res: request.res, label: pin.label, callers, onGone });
    this.answer = new Answer(request.res, {
      sessionId: pin.clientId,
      onMessage: (message) => this.onMessage(message),
      prime: () => this.caller.prime(this.answer, this.ids.ids),
      isStray: (messages) => this.resumption !== null && this.isOthers(messages),
      ...(this.ids.size === 1 && pin.clientId !== null && { onPlainResult: () => this.onResult() }),
      ...(onText && { onText: (text: string) => this.binding && onText(text, this.binding) }),
    });
  }

  /** The session was opened while the answer's head came in. */
  opened(session: { readonly id: string; readonly label: string }): void {
    this.answer.sessionId = session.id;
    this.ids.label = session.label;
  }

  /** Resolves when the client has been answered, or is gone. Never rejects. */
  async run(): Promise<void> {
    this.caller.watch();
    if (this.isListening) this.plane.streams.add(this.request.res);
    else this.plane.posts.add(this);
    const limitMs = this.isListening ? 0 : this.plane.config.callTimeoutMs;
    const timer = limitMs > 0 ? setTimeout(() => this.stop('timeout'), limitMs) : undefined;
    try {
      for (;;) if ((await this.tryOnce()) === 'done') return;
    } finally {
      clearTimeout(timer);
      this.plane.posts.delete(this);
      this.hooks.asked?.cancel(this);
      this.caller.over();
    }
  }

  stop(by: StopReason): void {
    if (by === 'client-gone' || by === 'timeout' || by === 'closing') {
      this.stopped = by;
      this.patience.end();
      this.backoff?.wake();
    }
    this.attempt?.stop(by);
    this.resumption?.stop();
  }

  private async tryOnce(): Promise<Next> {
    const acquired = await this.patience.acquire(this.pin);
    if (this.stopped !== null) return this.onStopped(this.stopped);
    if (acquired.kind === 'denied') return this.onDenied(acquired);
    if (acquired.kind === 'unavailable') {
      this.ids.unreachable(acquired.track);
      return this.giveUpUnreachable(acquired.reason);
    }
    const { binding } = acquired;
    this.binding = binding;
    const end = await this.send(binding);
    this.mayHaveRun ||= wasDelivered(end);
    return this.judge(end, binding);
  }

  /** The instance's own answer; a stream that has begun ends with an error of ours. */
  private onDenied({ track, reason, denial }: Extract<Acquired, { kind: 'denied' }>): Next {
    if (this.request.res.headersSent) return this.giveUpUnreachable(reason);
    this.ids.settle(outcomeOfStatus(denial.status), track);
    sendDenial(this.request.res, denial);
    return 'done';
  }

  private async send(binding: Binding): Promise<AttemptEnd> {
    const { path, headers, body } = this.request;
    const { onHead } = this.hooks;
    this.attempt = new Attempt({
      binding,
      request: { method: 'POST', path, headers, body },
      answer: this.answer,
      onceDrained: (resume) => this.caller.onceDrained(resume),
      onHead: (head: ResponseHead) => {
        this.ids.firstByteAt = performance.now();
        if (this.isListening && isEventStream(head)) this.patience.renew();
        onHead?.(head, binding);
      },
    });
    const { open } = this.plane.tracks.meter(binding.track);
    if (this.isListening) open.add(this);
    else this.pin.began(binding, this);
    this.sentAt = performance.now();
    const end = await this.attempt.run();
    this.attempt = null;
    if (this.isListening) {
      open.delete(this);
      this.backoff?.held(performance.now() - this.sentAt);
    } else this.pin.ended(binding, this);
    return end;
  }

  private judge(end: AttemptEnd, binding: Binding): Next | Promise<Next> {
    switch (end.kind) {
      case 'ended':
        return this.onEnded(end.status, binding);
      case 'stopped':
        return this.onStopped(end.by);
      case 'unknown-session':
        this.reached += 1;
        this.pin.forget(binding);
        if (this.reached < MAX_ATTEMPTS) return 'again';
        this.ids.note('http_error', binding.track);
        return this.giveUpUnreachable('the session is not accepted');
      case 'lost':
        if (end.loss.kind === 'unreachable') return this.onUnreachable(binding, end.loss.reason);
        if (end.loss.kind === 'invalid') return this.onInvalid(binding);
        return this.onBroken(binding, end.loss.reason);
    }
  }

  private onEnded(status: number, binding: Binding): Next | Promise<Next> {
    const isStream = this.answer.isStreaming && status < 300;
    if (isStream && this.ids.size > 0) {
      if (!this.answer.isResumable) return this.onCut(binding, 'it ended the stream');
      return this.suspend(binding);
    }
    this.answer.end();
    this.ids.settle(outcomeOfStatus(status), binding.track);
    const { config, catalog } = this.plane;
    if (config.replay === 'safe' && status < 300) catalog.askAhead(this.request, binding);
    return 'done';
  }

  /** The client is to resume the stream. */
  private suspend({ track }: Binding): Next {
    this.hooks.onSuspended?.(this.ids, track, false);
    this.answer.end();
    return 'done';
  }

  private onStopped(by: StopReason): Next | Promise<Next> {
    const track = this.binding?.track ?? 'stable';
    if (by === 'client-gone') return this.onClientGone(track);
    if (by === 'timeout') {
      if (this.binding !== null) cancelUpstream(this.binding, this.request, this.ids.ids);
      this.withdrawAsked();
      const message = `no answer within ${this.plane.config.callTimeoutMs} ms`;
      return this.giveUp('timeout', { code: REFUSALS.timeout, message });
    }
    if (by === 'closing') return this.onClosing();
    // A stream that lasts and follows its client: nothing went wrong where it was.
    const blamed = by === 'moved' ? null : this.binding;
    return this.onCut(blamed, 'it was taken out of service');
  }

  private onClientGone(track: Track): Next {
    const { onSuspended } = this.hooks;
    this.ids.note('client_gone', track);
    const isResumable = this.answer.isResumable && this.ids.size > 0;
    if (isResumable && onSuspended !== undefined) onSuspended(this.ids, track, true);
    else this.ids.clear();
    return 'done';
  }

  /** A stream with event ids is resumed by its client at the proxy that comes; nothing is accounted. */
  private onClosing(): Next {
    const { ids } = this.ids;
    this.ids.clear();
    if (this.answer.isResumable) this.answer.end();
    else this.answer.fail(ids, this.undoneBecause('canary-proxy is being restarted'), 503);
    return 'done';
  }

  private onInvalid(binding: Binding): Next {
    const ids = this.ids.ids;
    this.ids.settle('client_error', binding.track);
    const message = 'the request cannot be forwarded';
    this.fail(ids, { code: REFUSALS.badRequest, message }, 400);
    return 'done';
  }

  private async onUnreachable(binding: Binding, reason: string): Promise<Next> {
    const triedMs = performance.now() - this.sentAt;
    this.ids.unreachable(binding.track);
    this.pin.unreachable(binding, this.patience.waitedMs + triedMs);
    const isWorthIt = await this.patience.pause(triedMs);
    return isWorthIt || this.stopped !== null ? 'again' : this.giveUpUnreachable(reason);
  }

  /** The connection broke; the instance may live, and go on with the stream. */
  private async onBroken(binding: Binding, reason: string): Promise<Next> {
    const resumed = await this.resume(binding);
    if (this.stopped !== null) return this.onStopped(this.stopped);
    switch (resumed) {
      case 'answered':
        this.answer.end();
        return 'done';
      case 'ended':
        return this.suspend(binding);
      case 'refused':
      case 'stopped':
        return this.onCut(binding, reason);
    }
  }

  /** The instance was lost after it had the request; `blamed` is null when that is nobody's fault. */
  private async onCut(blamed: Binding | null, reason: string): Promise<Next> {
    this.reached += 1;
    this.withdrawAsked();
    if (this.ids.size === 0) return this.onUnansweredCut();
    if (await this.mayRepeat()) {
      if (blamed !== null) this.ids.note('cut', blamed.track);
      this.answer.reset();
      if (blamed !== null) await this.backoff?.pause();
      return 'again';
    }
    return this.giveUp('cut', lostBecause(reason));
  }

  /** Takes the stream up on the instance, if that gave event ids. */
  private async resume(binding: Binding): Promise<Resumed> {
    const { cursor } = this.answer;
    const isOwn = binding.upstreamId !== null && cursor?.generation === binding.generation;
    if (!isOwn || !this.answer.isStreaming || this.ids.size === 0) return 'refused';
    const { path, headers } = this.request;
    const { config, catalog, clock } = this.plane;
    this.resumption = new Resumption({
      binding,
      path,
      headers,
      answer: this.answer,
      clock,
      onceDrained: (resume) => this.caller.onceDrained(resume),
      isAnswered: () => this.ids.size === 0,
    });
    const isRepeatable = mayReplay(this.ids.requests, config.replay, catalog);
    this.pin.began(binding, this);
    const resumed = await this.resumption.run(isRepeatable ? RESUME_PATIENCE_MS : Infinity);
    this.pin.ended(binding, this);
    this.resumption = null;
    return resumed;
  }

  /** Answers to requests that are not ours to answer: a server may replay too much. */
  private isOthers(messages: readonly Message[]): boolean {
    const answers = messages.filter(isResponse);
    return answers.length > 0 && answers.every(({ id }) => !this.ids.has(id ?? ''));
  }

  /** Nothing waits: notifications only state something, and answers to a lost server have no reader. */
  private onUnansweredCut(): Next {
    const isOver = this.hasNobodyElse || this.request.res.headersSent;
    return isOver || this.reached >= MAX_ATTEMPTS ? this.accept() : 'again';
  }

  /** Only the instance that is lost was to be told. */
  private get hasNobodyElse(): boolean {
    const { messages } = this.request;
    return messages.length > 0 && messages.every(isForOneInstance);
  }

  private accept(): Next {
    const { res } = this.request;
    if (res.headersSent) {
      this.answer.reset();
      this.answer.end();
    } else res.writeHead(202, { 'content-length': 0 }).end();
    return 'done';
  }

  private async mayRepeat(): Promise<boolean> {
    const { config, catalog } = this.plane;
    if (!this.answer.isReplaceable) return false;
    if (this.reached >= MAX_ATTEMPTS && !this.isListening) return false;
    const { requests } = this.ids;
    await learnHints(this.plane, this.pin, this.request, requests);
    return mayReplay(requests, config.replay, catalog);
  }

  private giveUpUnreachable(reason: string): Next {
    if (this.hasNobodyElse) return this.accept();
    const { ids } = this.ids;
    this.ids.clear();
    this.fail(ids, this.undoneBecause(reason));
    return 'done';
  }

  /** No instance answers it: one may have executed it, or none had it. */
  private undoneBecause(reason: string): RpcError {
    const message = `the server cannot be reached, nothing was executed (${reason})`;
    return this.mayHaveRun ? lostBecause(reason) : { code: REFUSALS.unavailable, message };
  }

  private giveUp(outcome: Outcome, error: RpcError): Next {
    const { ids } = this.ids;
    this.ids.settle(outcome, this.binding?.track ?? 'stable');
    this.fail(ids, error);
    return 'done';
  }

  /** Answers the requests with an error of ours, unless half of an answer has gone out. */
  private fail(ids: readonly string[], error: RpcError, status = ids.length > 0 ? 200 : 503): void {
    const { track } = this.binding ?? this.pin;
    if (this.answer.isReplaceable)
      this.plane.accounts.rpcErrors.count(track, error.code, ids.length);
    this.answer.fail(ids, error, status);
  }

  private onResult(): void {
    if (this.binding !== null) this.ids.settle('ok', this.binding.track);
  }

  /** The instance does not wait for the client's answers any more. */
  private withdrawAsked(): void {
    this.answer.say(this.hooks.asked?.cancel(this) ?? '');
  }

  private onMessage(message: Message): void {
    if (this.binding === null) return;
    if (isRequest(message))
      this.hooks.asked?.add(taggedToken(message.id ?? '', this.binding.generation), this);
    if (!isResponse(message)) return;
    this.hooks.onAnswer?.(message, this.binding);
    this.ids.answered(message, this.binding.track, this.answer.status);
  }
}

/** The instance had the request, and took it for one of a session of its own. */
function wasDelivered(end: AttemptEnd): boolean {
  if (end.kind === 'lost') return end.loss.kind === 'cut';
  return end.kind !== 'unknown-session';
}
