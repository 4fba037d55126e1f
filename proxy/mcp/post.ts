/**
 * One POST on the MCP endpoint: finds an instance, and another one when that is lost, until the
 * client has its answer. Every request in it is answered once, and accounted for.
 *
 * 1. What never executed (unreachable, unknown session) is sent again wherever possible.
 * 2. What may have executed is sent again only when `mayReplay` says so; else its answer is a
 *    JSON-RPC error with the request's id.
 * 3. A client that goes away closes its upstream at once.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Outcome } from '../../common/protocol.js';
import { PATIENCE_MS, type Binding, type Pin } from '../pin.js';
import type { Plane } from '../plane.js';
import type { AnswerHead } from '../upstream.js';
import { Answer } from './answer.js';
import { Attempt, type AttemptEnd, type StopReason } from './attempt.js';
import { isRequest, isResponse, type Message } from './message-scanner.js';
import { outcomeOfMessage, outcomeOfStatus } from './outcome.js';
import { REFUSALS, type RpcError } from './refusals.js';
import { mayReplay } from './replay.js';

/** Tries in which the instance was reached. */
const MAX_ATTEMPTS = 4;
const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 500;

export interface PostRequest {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly path: string;
  readonly headers: readonly string[];
  readonly body: Buffer;
  readonly messages: readonly Message[];
}

export interface PostHooks {
  /** Sees the instance's answer head before the client does. */
  onHead?: (head: AnswerHead, binding: Binding) => void;
  /** Sees each message of the answer as text. */
  onText?: (text: string, binding: Binding) => void;
}

type Next = 'done' | 'again';

export class Post {
  private readonly startedAt = performance.now();
  private readonly waiting = new Map<string, string>();
  private readonly failedTracks = new Set<string>();
  private readonly answer: Answer;
  private attempt: Attempt | null = null;
  private binding: Binding | null = null;
  private stopped: StopReason | null = null;
  private reached = 0;
  private retryMs = FIRST_RETRY_MS;

  private readonly plane: Plane;
  private readonly pin: Pin;
  private readonly request: PostRequest;
  private readonly hooks: PostHooks;

  constructor(plane: Plane, pin: Pin, request: PostRequest, hooks: PostHooks = {}) {
    this.plane = plane;
    this.pin = pin;
    this.request = request;
    this.hooks = hooks;
    for (const message of request.messages.filter(isRequest)) {
      this.waiting.set(message.id ?? '', toolOf(message));
    }
    const { onText } = hooks;
    this.answer = new Answer(request.res, {
      sessionId: pin.clientId,
      onMessage: (message) => this.answered(message),
      ...(onText && { onText: (text: string) => this.binding && onText(text, this.binding) }),
    });
  }

  /** The session id was minted while the answer's head came in. */
  set sessionId(id: string) {
    this.answer.sessionId = id;
  }

  /** Resolves when the client has been answered, or is gone. Never rejects. */
  async run(): Promise<void> {
    const { res } = this.request;
    const onClose = (): void => {
      if (!res.writableFinished) this.stop('client-gone');
    };
    res.once('close', onClose);
    const timer = setTimeout(() => this.stop('timeout'), this.plane.config.callTimeoutMs);
    try {
      for (;;) if ((await this.tryOnce()) === 'done') return;
    } finally {
      clearTimeout(timer);
      res.off('close', onClose);
    }
  }

  /** Ends the attempt under way. */
  stop(by: StopReason): void {
    this.stopped = by;
    this.attempt?.stop(by);
  }

  private async tryOnce(): Promise<Next> {
    const acquired = await this.pin.acquire(this.request.headers);
    if (this.stopped !== null) return this.onStopped(this.stopped);
    if (acquired.kind === 'unavailable') {
      this.noteConnectError(acquired.track);
      return this.giveUp('connect_error', unavailable(acquired.reason), true);
    }
    const { binding } = acquired;
    this.binding = binding;
    this.pin.began(binding);
    const end = await this.send(binding);
    this.pin.ended(binding);
    return this.judge(end, binding);
  }

  private send(binding: Binding): Promise<AttemptEnd> {
    const { res, path, headers, body } = this.request;
    const { onHead } = this.hooks;
    this.attempt = new Attempt({
      binding,
      request: { method: 'POST', path, headers, body },
      answer: this.answer,
      onceDrained: (resume) => res.once('drain', resume),
      ...(onHead && { onHead: (head: AnswerHead) => onHead(head, binding) }),
    });
    return this.attempt.run();
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
        return this.giveUp('connect_error', unavailable('the session is not accepted'));
      case 'lost':
        if (end.loss.kind === 'unreachable') return this.onUnreachable(binding, end.loss.reason);
        if (end.loss.kind === 'invalid') {
          const error = { code: REFUSALS.badRequest, message: 'the request cannot be forwarded' };
          return this.giveUp('client_error', error, false, 400);
        }
        return this.onCut(binding, end.loss.reason);
    }
  }

  private onEnded(status: number, binding: Binding): Next {
    const isStream = this.answer.isStreaming && status < 300;
    if (isStream && this.waiting.size > 0 && !this.answer.isResumable)
      return this.onCut(binding, 'the stream ended without an answer');
    const outcome = outcomeOfStatus(status);
    this.finishAll(outcome);
    this.answer.end();
    return 'done';
  }

  private onStopped(by: StopReason): Next {
    if (by === 'client-gone') {
      this.finishAll('client_gone');
      return 'done';
    }
    if (by === 'timeout') {
      const { callTimeoutMs } = this.plane.config;
      const message = `no answer within ${callTimeoutMs} ms`;
      return this.giveUp('timeout', { code: REFUSALS.timeout, message });
    }
    return this.onCut(this.binding, 'the instance was taken out of service');
  }

  private async onUnreachable(binding: Binding, reason: string): Promise<Next> {
    const waitedMs = performance.now() - this.startedAt;
    this.noteConnectError(binding.track);
    if (waitedMs > PATIENCE_MS) return this.giveUp('connect_error', unavailable(reason), true);
    this.pin.unreachable(binding, waitedMs);
    await this.plane.clock.sleep(this.retryMs);
    this.retryMs = Math.min(this.retryMs * 2, MAX_RETRY_MS);
    return 'again';
  }

  /** The instance was lost after it had the request. */
  private onCut(binding: Binding | null, reason: string): Next {
    this.reached += 1;
    const { policy, catalog } = { policy: this.plane.config.replay, catalog: this.plane.catalog };
    const canReplay =
      this.answer.isReplaceable &&
      this.reached < MAX_ATTEMPTS &&
      mayReplay(this.unanswered(), policy, catalog);
    if (canReplay && this.waiting.size > 0) {
      for (const tool of this.waiting.values()) this.account(binding, tool, 'cut');
      this.answer.reset();
      return 'again';
    }
    if (this.waiting.size === 0 && !this.answer.isStreaming) return this.onNotificationCut();
    const message = `the server was lost during the call, which may have been executed (${reason})`;
    return this.giveUp('cut', { code: REFUSALS.lost, message });
  }

  /** Notifications only state something, and answers to a lost server have no reader: say so. */
  private onNotificationCut(): Next {
    const { res, messages } = this.request;
    if (messages.every(isResponse) || this.reached >= MAX_ATTEMPTS) {
      res.writeHead(202, { 'content-length': 0 });
      res.end();
      return 'done';
    }
    return 'again';
  }

  private unanswered(): Message[] {
    return this.request.messages.filter(({ id }) => id === null || this.waiting.has(id));
  }

  private giveUp(outcome: Outcome, error: RpcError, accounted = false, status?: number): Next {
    const ids = [...this.waiting.keys()];
    if (accounted) this.waiting.clear();
    else this.finishAll(outcome);
    this.answer.fail(ids, error, status ?? (ids.length > 0 ? 200 : 503));
    return 'done';
  }

  private answered(message: Message): void {
    if (!isResponse(message) || message.id === null) return;
    const tool = this.waiting.get(message.id);
    if (tool === undefined) return;
    this.waiting.delete(message.id);
    this.account(this.binding, tool, outcomeOfMessage(message));
  }

  private finishAll(outcome: Outcome): void {
    for (const tool of this.waiting.values()) this.account(this.binding, tool, outcome);
    this.waiting.clear();
  }

  /** A track that cannot be reached is noted once for a call, whatever the call comes to in the end. */
  private noteConnectError(track: Binding['track']): void {
    if (this.failedTracks.has(track)) return;
    this.failedTracks.add(track);
    const { startedAt } = this;
    const session = this.pin.label;
    for (const tool of this.waiting.values()) {
      this.plane.accounts.finish({ track, session, tool, outcome: 'connect_error', startedAt });
    }
  }

  private account(binding: Binding | null, tool: string, outcome: Outcome): void {
    if (binding === null) return;
    const { startedAt } = this;
    const { track } = binding;
    this.plane.accounts.finish({ track, session: this.pin.label, tool, outcome, startedAt });
  }
}

/** What a request is counted as: its tool, else its method. */
export function toolOf({ method, name }: Message): string {
  return method === 'tools/call' && name !== null ? name : (method ?? 'http');
}

function unavailable(reason: string): RpcError {
  return {
    code: REFUSALS.unavailable,
    message: `the server cannot be reached, nothing was executed (${reason})`,
  };
}
