/**
 * A client's legacy SSE connection (2024-11-05): the session is this connection. The client's stream
 * (client-stream.ts) stays open while the instance behind it (uplines.ts) changes; what becomes of
 * calls whose instance is lost is in recovery.ts.
 *
 * 1. The client learns one message URI, ours, with the session's id.
 * 2. A call is answered by the event with its id, whichever connection that comes on.
 * 3. What is not answered when the client loses its stream is left to its next one (unanswered.ts).
 */
import type { ServerResponse } from 'node:http';
import type { Outcome } from '../../common/protocol.js';
import type { StopReason } from '../live-call.js';
import { Patience } from '../patience.js';
import type { Binding, Pin, Unbound } from '../pin.js';
import type { Plane } from '../plane.js';
import type { Connector, Session, Standing } from '../session.js';
import type { Upstream } from '../upstream.js';
import { meansUnknownSession } from './attempt.js';
import { ClientStream } from './client-stream.js';
import { sendDenial } from './denial.js';
import { eventData, type RelayedEvent, type Verdict } from './event-relay.js';
import { taggedToken, tagEvent } from './generation.js';
import {
  followUps,
  initializeFor,
  negotiatedBy,
  streamHeaders,
  type Handshake,
} from './handshake.js';
import { isRequest, isResponse, scanMessages, type Message } from './message-scanner.js';
import { outcomeOfStatus } from './outcome.js';
import { OwnRequests, type MessageTarget } from './own-requests.js';
import { PendingCall, type CallKeeper } from './pending-call.js';
import { PendingCalls } from './pending-calls.js';
import { postMessage, Recovery, UNREACHABLE } from './recovery.js';
import { LOST, REFUSALS, refuse } from './refusals.js';
import type { UnansweredCall } from './unanswered.js';
import { Upline, type UplineListener } from './upline.js';
import { Uplines } from './uplines.js';

const OWN_REQUEST_TIMEOUT_MS = 10_000;

/** A message of the client, as it was posted. */
export interface Posted {
  readonly body: Buffer;
  readonly messages: readonly Message[];
  readonly headers: readonly string[];
}

export class Conversation implements Connector, UplineListener, CallKeeper {
  readonly session: Session;
  private readonly plane: Plane;
  private readonly res: ServerResponse;
  private readonly path: string;
  private readonly stream: ClientStream;
  private readonly uplines = new Uplines();
  private readonly calls: PendingCalls;
  /** Those that wait for an answer, on an instance or for one. */
  private readonly waiting = new Set<PendingCall>();
  private readonly own = new OwnRequests();
  private readonly recovery: Recovery;
  private isOver = false;

  constructor(
    plane: Plane,
    session: Session,
    { res, path }: { res: ServerResponse; path: string },
  ) {
    this.plane = plane;
    this.session = session;
    this.res = res;
    this.path = path;
    const [pathname] = path.split('?');
    const endpoint = `${pathname ?? path}?sessionId=${session.id}`;
    this.stream = new ClientStream(res, { endpoint, sessionId: session.id });
    this.calls = new PendingCalls(session);
    const { calls, own, stream } = this;
    this.recovery = new Recovery({ plane, session, calls, own, stream });
  }

  /** Opens the client's stream, tells when that has been done, resolves when it is over. Never rejects. */
  async run(onBegun: () => void): Promise<void> {
    const { res, session } = this;
    const closed = new Promise<void>((resolve) => res.once('close', resolve));
    void closed.then(() => this.end());
    this.plane.streams.add(res);
    session.streams += 1;
    const acquired = await session.acquire();
    if (acquired.kind === 'denied') sendDenial(res, acquired.denial);
    else if (acquired.kind === 'unavailable') {
      refuse(res, 503, { code: REFUSALS.unavailable, message: 'the server cannot be reached' });
      res.end();
    } else if (!res.destroyed) {
      this.stream.begin();
      onBegun();
    }
    await closed;
  }

  /** Delivers a message of the client; gives the status to answer it with. Never rejects. */
  async post(pin: Pin, { body, messages, headers }: Posted): Promise<number> {
    const calls = messages
      .filter(isRequest)
      .map((message) =>
        this.newCall(messages.length === 1 ? body : bodyOf(body, message), message),
      );
    const patience = calls[0]?.patience ?? new Patience(this.plane.waiters);
    let isFirst = true;
    do {
      const acquired = await patience.acquire(pin);
      if (acquired.kind !== 'bound') return this.onUnbound(calls, acquired);
      const { binding } = acquired;
      const sentAt = performance.now();
      for (const call of calls) if (!call.isOver) this.calls.register(call, binding);
      const posted = await postMessage(this.session, binding, body, headers);
      if (posted.kind === 'answered') {
        const isUnknown = meansUnknownSession(posted.status, posted.text);
        if (isUnknown && isFirst) {
          isFirst = false;
          this.forgotten(pin, binding, calls);
          continue;
        }
        // An instance that knows none of its sessions is at fault, not the client.
        if (posted.status >= 400)
          this.withdraw(calls, isUnknown ? 'http_error' : outcomeOfStatus(posted.status));
        return posted.status;
      }
      if (posted.loss.kind !== 'unreachable') {
        this.recover(calls.filter((call) => this.calls.release(call)));
        return 202;
      }
      this.withdrawUnreached(calls, binding);
      const triedMs = performance.now() - sentAt;
      pin.unreachable(binding, patience.waitedMs + triedMs);
      if (!(await patience.pause(triedMs))) break;
    } while (!this.isOver);
    this.recovery.fail(calls, UNREACHABLE);
    return 202;
  }

  /** Goes on as the session that the client believes to be in: the instance is told. Never rejects. */
  async goOnAs(standing: Standing): Promise<void> {
    const { session } = this;
    const acquired = await session.acquire();
    session.takeOver(standing);
    if (acquired.kind === 'bound') {
      const { upstream, upstreamId, generation } = acquired.binding;
      const target = { upstream, endpoint: upstreamId ?? this.path, generation };
      if (!(await this.introduce(session, { ...target, headers: session.headers })))
        session.forget(acquired.binding);
    }
    this.plane.sessions.save(session);
  }

  /** Answers what the client waits for since it lost its last stream. */
  answerLeft(left: readonly UnansweredCall[]): void {
    const calls: PendingCall[] = [];
    for (const { id, body } of left) {
      const [message] = body === null ? [] : scanMessages(body);
      if (body === null || message === undefined) this.recovery.refuse(id, LOST);
      else calls.push(this.newCall(body, message));
    }
    if (calls.length > 0) this.recover(calls);
  }

  // What becomes of calls.

  onStop(call: PendingCall, by: StopReason): void {
    const wasSent = this.calls.release(call);
    if (by === 'drained' && wasSent) this.recover([call]);
    // When the proxy ends, the client is answered on its next stream.
    if (by !== 'timeout' || call.isOver) return;
    call.ids.settle('timeout', call.binding?.track ?? 'stable');
    const message = `no answer within ${this.plane.config.callTimeoutMs} ms`;
    this.recovery.fail([call], { code: REFUSALS.timeout, message });
  }

  onOver(call: PendingCall): void {
    this.waiting.delete(call);
    this.plane.sessions.unanswered.delete(this.session.id, call.id);
  }

  // How the session is set up on an instance.

  async connect(
    session: Session,
    upstream: Upstream,
    headers: readonly string[],
    signal: AbortSignal,
  ): Promise<Handshake> {
    const generation = session.nextGeneration;
    const upline = new Upline(upstream, generation, this);
    signal.addEventListener('abort', () => {
      upline.close();
      this.close(generation);
    });
    const meter = this.plane.tracks.meter(session.track);
    const opened = await upline.open(this.path, streamHeaders(headers));
    if (opened.kind !== 'open') return opened;
    if (this.isOver) {
      upline.close();
      return { kind: 'refused', reason: 'the client left' };
    }
    const { endpoint } = opened;
    const stream = { stop: (by: StopReason) => this.stopUpline(by) };
    this.uplines.add({ upline, stream, meter });
    const target = { upstream, endpoint, generation, headers, signal };
    if (!(await this.introduce(session, target))) {
      this.close(generation);
      return { kind: 'unreachable', reason: 'initialize was not answered' };
    }
    return { kind: 'done', upstreamId: endpoint, protocolVersion: '2024-11-05' };
  }

  disconnect(_session: Session, { generation }: Binding): void {
    this.close(generation);
  }

  // What comes from the instances.

  onEvent(upline: Upline, event: RelayedEvent): Verdict {
    const { generation } = upline;
    for (const message of event.messages) {
      if (isRequest(message))
        this.session.asked.add(taggedToken(message.id ?? '', generation), upline);
      if (!isResponse(message) || message.id === null) continue;
      if (this.own.take(generation, message.id, event)) return 'drop';
      this.answered(message, event);
    }
    return tagEvent(event, generation);
  }

  onBytes(upline: Upline, bytes: Buffer): boolean {
    return this.stream.write(upline, bytes);
  }

  onGone({ generation }: Upline): void {
    this.close(generation);
    const { current } = this.session;
    if (current?.generation === generation) this.session.unreachable(current);
    this.recover(this.calls.releaseAllOf(generation));
  }

  private withdrawUnreached(calls: readonly PendingCall[], { track }: Binding): void {
    for (const call of calls) if (this.calls.release(call)) call.ids.unreachable(track);
  }

  /** The instance does not know the connection: what was posted was not executed. */
  private forgotten(pin: Pin, binding: Binding, calls: readonly PendingCall[]): void {
    for (const call of calls) this.calls.release(call);
    this.close(binding.generation);
    pin.forget(binding);
    this.recover(this.calls.releaseAllOf(binding.generation));
  }

  private end(): void {
    this.isOver = true;
    this.session.streams -= 1;
    for (const call of this.waiting) {
      if (this.calls.release(call)) call.ids.settle('client_gone', call.binding?.track ?? 'stable');
      call.leave();
    }
    this.waiting.clear();
    for (const generation of this.uplines.generations) this.close(generation);
    if (this.session.current !== null) this.session.forget(this.session.current);
  }

  private recover(lost: readonly PendingCall[]): void {
    if (!this.isOver) void this.recovery.recover(lost);
  }

  private stopUpline(by: StopReason): void {
    if (by === 'moved') void this.session.acquire();
  }

  private close(generation: number): void {
    const upline = this.uplines.close(generation);
    if (upline === null) return;
    this.stream.gone(upline);
    const cancelled = this.session.asked.cancel(upline);
    if (cancelled !== '' && !this.isOver) this.stream.say(cancelled);
    this.own.drop(generation);
  }

  /**
   * Brings a fresh connection to where the session was. An `initialize` without an answer is a call
   * like others, which is sent again as such.
   */
  private async introduce(
    { initialize, negotiated, initialized, restore }: Session,
    target: MessageTarget,
  ): Promise<boolean> {
    if (initialize === null || negotiated === null) return true;
    const body = initializeFor(initialize, negotiated);
    if ((await this.own.ask(target, body, OWN_REQUEST_TIMEOUT_MS)) === null) return false;
    for (const text of followUps({ initialized, restore: [...restore.values()] })) {
      await this.own.ask(target, Buffer.from(text), OWN_REQUEST_TIMEOUT_MS);
    }
    return true;
  }

  private newCall(body: Buffer, message: Message): PendingCall {
    const call = new PendingCall(this.plane, this.session.label, { message, body }, this);
    this.waiting.add(call);
    const kept = this.recovery.isHopeless(call) ? null : call.body;
    this.plane.sessions.unanswered.add(this.session.id, { id: call.id, body: kept });
    return call;
  }

  private answered(message: Message, event: RelayedEvent): void {
    const call = this.calls.get(message.id ?? '');
    if (call === undefined) return;
    this.learnFrom(call, event);
    this.calls.release(call);
    call.over();
    call.ids.answered(message, call.binding?.track ?? 'stable', 200);
  }

  private learnFrom({ message, body }: PendingCall, event: RelayedEvent): void {
    const raw = event.raw();
    if (raw === null) return;
    if (message.method === 'tools/list') this.plane.catalog.learnText(eventData(raw));
    if (message.method !== 'initialize') return;
    if (body !== null) this.session.negotiated = negotiatedBy(body, parsedJson(eventData(raw)));
    this.plane.sessions.save(this.session);
  }

  /** There is no instance for it. That one takes no such credentials is told by the POST's status. */
  private onUnbound(calls: readonly PendingCall[], acquired: Unbound): number {
    if (acquired.kind === 'unavailable') {
      this.recovery.fail(calls, UNREACHABLE);
      return 202;
    }
    for (const call of calls) {
      if (call.isOver) continue;
      call.over();
      call.ids.settle(outcomeOfStatus(acquired.denial.status), acquired.track);
    }
    return acquired.denial.status;
  }

  /** The POST was refused: no answer will come. */
  private withdraw(calls: readonly PendingCall[], outcome: Outcome): void {
    for (const call of calls) {
      if (!this.calls.release(call)) continue;
      call.over();
      call.ids.settle(outcome, call.binding?.track ?? 'stable');
    }
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** One message out of a batch, as a body of its own; the whole where it is no batch. */
function bodyOf(batch: Buffer, { id }: Message): Buffer {
  const members = parsedJson(batch.toString('utf8'));
  if (!Array.isArray(members)) return batch;
  const isWanted = (one: unknown): boolean =>
    typeof one === 'object' && one !== null && 'id' in one && JSON.stringify(one.id) === id;
  const member: unknown = members.find(isWanted);
  return member === undefined ? batch : Buffer.from(JSON.stringify(member));
}
