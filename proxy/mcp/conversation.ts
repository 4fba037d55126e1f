/**
 * A client's legacy SSE connection (2024-11-05): the session is this connection. The client's stream
 * stays open while the instance behind it changes.
 *
 * 1. The client learns one message URI, ours, with the session's id.
 * 2. A call is answered by the event with its id, whichever connection that comes on.
 * 3. Events of two connections (during a move) are never mixed, however large they are.
 */
import type { ServerResponse } from 'node:http';
import type { StopReason } from '../live-call.js';
import type { Binding, Pin } from '../pin.js';
import type { Plane } from '../plane.js';
import type { Connector, Session } from '../session.js';
import type { Stoppable } from '../tracks.js';
import type { Upstream } from '../upstream.js';
import { ask } from './ask.js';
import { eventData, type RelayedEvent, type Verdict } from './event-relay.js';
import { tagEvent } from './generation.js';
import {
  followUps,
  initializeFor,
  negotiatedBy,
  protocolHeaders,
  type Handshake,
} from './handshake.js';
import { isRequest, isResponse, scanMessages, type Message } from './message-scanner.js';
import { PendingCall } from './pending-call.js';
import { errorMessage, REFUSALS, refuse, type RpcError } from './refusals.js';
import { mayReplay, toolsCalled } from './replay.js';
import { sseEvent } from './sse-event.js';
import { Upline, type UplineListener } from './upline.js';

const POST_TIMEOUT_MS = 10_000;
const OWN_REQUEST_TIMEOUT_MS = 10_000;
const HINTS_TIMEOUT_MS = 1_200;
const MAX_TRIES = 4;

interface OpenUpline {
  readonly upline: Upline;
  readonly generation: number;
  readonly stream: Stoppable;
  readonly meter: { readonly open: Set<Stoppable> };
}

/** A message of the client, as it was posted. */
export interface Posted {
  readonly body: Buffer;
  readonly messages: readonly Message[];
  readonly headers: readonly string[];
}

export class Conversation implements Connector, UplineListener {
  private readonly plane: Plane;
  private readonly session: Session;
  private readonly res: ServerResponse;
  private readonly path: string;
  private readonly headers: readonly string[];
  private readonly uplines = new Map<string, OpenUpline>();
  private readonly pending = new Map<string, PendingCall>();
  /** Answers to requests of ours, which the client must not see. */
  private readonly ours = new Map<string, (answer: string) => void>();
  /** Bytes that wait until another connection's large event is whole. */
  private readonly delayed: { upline: Upline; bytes: Buffer }[] = [];
  private isOver = false;

  constructor(
    plane: Plane,
    session: Session,
    { res, path, headers }: { res: ServerResponse; path: string; headers: readonly string[] },
  ) {
    this.plane = plane;
    this.session = session;
    this.res = res;
    this.path = path;
    this.headers = headers;
  }

  /** Opens the client's stream. Resolves when it is over. Never rejects. */
  async run(): Promise<void> {
    const { res, session } = this;
    const closed = new Promise<void>((resolve) => res.once('close', resolve));
    void closed.then(() => this.end());
    session.streams += 1;
    const acquired = await session.acquire(this.headers);
    if (acquired.kind === 'unavailable') {
      refuse(res, 503, { code: REFUSALS.unavailable, message: 'the server cannot be reached' });
      res.end();
    } else if (!res.destroyed) this.begin();
    await closed;
  }

  /** Delivers a message of the client; gives the status to answer it with. Never rejects. */
  async post(pin: Pin, { body, messages, headers }: Posted): Promise<number> {
    const calls = messages
      .filter(isRequest)
      .map((message) =>
        this.newCall(messages.length === 1 ? body : bodyOf(body, message), message),
      );
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const acquired = await pin.acquire(headers);
      if (acquired.kind === 'unavailable') break;
      const { binding } = acquired;
      for (const call of calls) this.register(call, binding);
      const asked = await this.send(binding, body, headers);
      if (asked.kind === 'answered') {
        if (asked.status >= 400) this.withdraw(calls, asked.status);
        return asked.status;
      }
      if (asked.loss.kind !== 'unreachable') {
        void this.recover(calls.filter((call) => this.release(call)));
        return 202;
      }
      for (const call of calls) if (this.release(call)) call.ids.unreachable(binding.track);
      pin.unreachable(binding, 0);
    }
    this.fail(calls, UNREACHABLE);
    return 202;
  }

  // How the session is set up on an instance.

  async connect(
    session: Session,
    upstream: Upstream,
    headers: readonly string[],
  ): Promise<Handshake> {
    const upline = new Upline(upstream, this);
    const meter = this.plane.tracks.meter(session.track);
    const opened = await upline.open(this.path, this.headers);
    if (opened.kind !== 'open') return opened;
    if (this.isOver) {
      upline.close();
      return { kind: 'refused', reason: 'the client left' };
    }
    const stream = { stop: (by: StopReason) => this.stopUpline(by) };
    const generation = session.nextGeneration;
    this.uplines.set(opened.endpoint, { upline, generation, stream, meter });
    meter.open.add(stream);
    if (!(await this.introduce(session, upstream, opened.endpoint, headers))) {
      this.close(opened.endpoint);
      return { kind: 'unreachable', reason: 'initialize was not answered' };
    }
    return { kind: 'done', upstreamId: opened.endpoint, protocolVersion: '2024-11-05' };
  }

  disconnect(_session: Session, { upstreamId }: Binding): void {
    this.close(upstreamId ?? '');
  }

  // What comes from the instances.

  onEvent(upline: Upline, event: RelayedEvent): Verdict {
    for (const message of event.messages) {
      if (!isResponse(message) || message.id === null) continue;
      const ours = this.ours.get(message.id);
      if (ours !== undefined) {
        ours(eventData(event.raw() ?? Buffer.alloc(0)));
        return 'drop';
      }
      this.answered(message, event);
    }
    const open = [...this.uplines.values()].find((known) => known.upline === upline);
    return tagEvent(event, open?.generation ?? 0);
  }

  onBytes(upline: Upline, bytes: Buffer): boolean {
    this.begin();
    const isBusy = [...this.uplines.values()].some(
      (other) => other.upline !== upline && other.upline.isMidEvent,
    );
    if (isBusy) {
      this.delayed.push({ upline, bytes });
      return false;
    }
    const keepsUp = this.res.write(bytes);
    if (!keepsUp) this.res.once('drain', () => upline.resume());
    if (!upline.isMidEvent) this.writeDelayed();
    return keepsUp;
  }

  onGone(upline: Upline): void {
    if (upline.isMidEvent) this.res.write('\n\n');
    const endpoint = [...this.uplines].find(([, known]) => known.upline === upline)?.[0] ?? '';
    this.close(endpoint);
    this.writeDelayed();
    const { current } = this.session;
    if (current?.upstreamId === endpoint) this.session.forget(current);
    const lost = [...this.pending.values()].filter(
      ({ binding }) => binding?.upstreamId === endpoint,
    );
    void this.recover(lost.filter((call) => this.release(call)));
  }

  /** A server's first message may come together with its endpoint: ours goes before it. */
  private begin(): void {
    if (this.res.headersSent) return;
    this.res.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
    });
    const [pathname] = this.path.split('?');
    const uri = `${pathname ?? this.path}?sessionId=${this.session.id}`;
    this.res.write(sseEvent(uri, 'endpoint', this.session.id));
  }

  private end(): void {
    this.isOver = true;
    this.session.streams -= 1;
    for (const call of this.pending.values()) {
      if (this.release(call)) call.ids.settle('client_gone', call.binding?.track ?? 'stable');
      call.over();
    }
    for (const endpoint of [...this.uplines.keys()]) this.close(endpoint);
    if (this.session.current !== null) this.session.forget(this.session.current);
  }

  private stopUpline(by: StopReason): void {
    if (by === 'moved') void this.session.acquire(this.headers);
  }

  private close(endpoint: string): void {
    const open = this.uplines.get(endpoint);
    if (open === undefined) return;
    this.uplines.delete(endpoint);
    open.meter.open.delete(open.stream);
    open.upline.close();
  }

  private writeDelayed(): void {
    for (const { upline, bytes } of this.delayed.splice(0)) {
      if (this.onBytes(upline, bytes)) upline.resume();
    }
  }

  /** Brings a fresh connection to where the session was. */
  private async introduce(
    { initialize, negotiated, initialized, restore }: Session,
    upstream: Upstream,
    endpoint: string,
    headers: readonly string[],
  ): Promise<boolean> {
    if (initialize === null) return true;
    const target = { upstream, endpoint, headers };
    const body = initializeFor(initialize, negotiated);
    if ((await this.request(target, body, OWN_REQUEST_TIMEOUT_MS)) === null) return false;
    for (const text of followUps({ initialized, restore: [...restore.values()] })) {
      await this.request(target, Buffer.from(text), OWN_REQUEST_TIMEOUT_MS);
    }
    return true;
  }

  /** Posts a message of ours; gives its answer off the stream, null when there is none in time. */
  private async request(
    {
      upstream,
      endpoint,
      headers,
    }: { upstream: Upstream; endpoint: string; headers: readonly string[] },
    body: Buffer,
    timeoutMs: number,
  ): Promise<string | null> {
    const id = scanMessages(body)[0]?.id ?? null;
    const post = { method: 'POST', path: endpoint, headers: protocolHeaders(headers), body };
    if (id === null) {
      await ask(upstream, post, timeoutMs);
      return null;
    }
    const answer = new Promise<string | null>((resolve) => {
      const timer = setTimeout(() => resolve(null), timeoutMs);
      this.ours.set(id, (text) => {
        clearTimeout(timer);
        resolve(text);
      });
    });
    const posted = await ask(upstream, post, timeoutMs);
    const text = posted.kind === 'lost' ? null : await answer;
    this.ours.delete(id);
    return text;
  }

  private send(binding: Binding, body: Buffer, headers: readonly string[]) {
    const path = binding.upstreamId ?? this.path;
    return ask(
      binding.upstream,
      { method: 'POST', path, headers: [...headers], body },
      POST_TIMEOUT_MS,
    );
  }

  private newCall(body: Buffer, message: Message): PendingCall {
    return new PendingCall(this.plane, this.session.label, { message, body }, (call, by) =>
      this.stopCall(call, by),
    );
  }

  private register(call: PendingCall, binding: Binding): void {
    call.binding = binding;
    call.tries += 1;
    this.pending.set(call.id, call);
    this.session.began(binding, call);
  }

  /** Takes a call off the instance it was sent to. False when it has been answered. */
  private release(call: PendingCall): boolean {
    if (this.pending.get(call.id) !== call) return false;
    this.pending.delete(call.id);
    if (call.binding !== null) this.session.ended(call.binding, call);
    return true;
  }

  private answered(message: Message, event: RelayedEvent): void {
    const call = this.pending.get(message.id ?? '');
    if (call === undefined) return;
    this.learnFrom(call, event);
    this.release(call);
    call.over();
    call.ids.answered(message, call.binding?.track ?? 'stable', 200);
  }

  private learnFrom({ message, body }: PendingCall, event: RelayedEvent): void {
    const raw = event.raw();
    if (raw === null) return;
    if (message.method === 'tools/list') this.plane.catalog.learnText(eventData(raw));
    if (message.method !== 'initialize') return;
    this.session.negotiated = negotiatedBy(body, parsedJson(raw));
    this.plane.sessions.save(this.session);
  }

  /** The POST was refused: no answer will come. */
  private withdraw(calls: readonly PendingCall[], status: number): void {
    for (const call of calls) {
      if (!this.release(call)) continue;
      call.over();
      call.ids.settle(
        status >= 500 ? 'http_error' : 'client_error',
        call.binding?.track ?? 'stable',
      );
    }
  }

  private stopCall(call: PendingCall, by: StopReason): void {
    if (!this.release(call)) return;
    if (by === 'drained') return void this.recover([call]);
    call.ids.settle('timeout', call.binding?.track ?? 'stable');
    const message = `no answer within ${this.plane.config.callTimeoutMs} ms`;
    this.fail([call], { code: REFUSALS.timeout, message });
  }

  /**
   * The calls' instance is lost: they are sent again where that is safe, else answered with an
   * error. The session is set up elsewhere in any case, so that the server's messages go on.
   */
  private async recover(lost: readonly PendingCall[]): Promise<void> {
    if (this.isOver) return;
    for (const call of lost) if (call.binding !== null) call.ids.note('cut', call.binding.track);
    const hopeful = lost.filter((call) => this.isRepeatable(call) || !this.isKnown(call));
    this.fail(
      lost.filter((call) => !hopeful.includes(call)),
      LOST,
    );
    const acquired = await this.session.acquire(this.session.headers);
    if (acquired.kind === 'unavailable') return this.fail(hopeful, UNREACHABLE);
    if (hopeful.some((call) => !this.isKnown(call))) await this.askForHints(acquired.binding);
    this.fail(
      hopeful.filter((call) => !this.isRepeatable(call)),
      LOST,
    );
    const again = hopeful.filter((call) => this.isRepeatable(call));
    await Promise.all(again.map((call) => this.sendAgain(call, acquired.binding)));
  }

  private isRepeatable({ message, tries }: PendingCall): boolean {
    return tries < MAX_TRIES && mayReplay([message], this.plane.config.replay, this.plane.catalog);
  }

  private isKnown({ message }: PendingCall): boolean {
    const { catalog, config } = this.plane;
    return config.replay !== 'safe' || toolsCalled([message]).every((tool) => catalog.knows(tool));
  }

  private async askForHints({ upstream, upstreamId }: Binding): Promise<void> {
    const target = { upstream, endpoint: upstreamId ?? this.path, headers: this.session.headers };
    const list = '{"jsonrpc":"2.0","id":"canary-tools","method":"tools/list","params":{}}';
    const text = await this.request(target, Buffer.from(list), HINTS_TIMEOUT_MS);
    if (text !== null) this.plane.catalog.learnText(text);
  }

  private async sendAgain(call: PendingCall, binding: Binding): Promise<void> {
    this.register(call, binding);
    const asked = await this.send(binding, call.body, protocolHeaders(this.session.headers));
    if (asked.kind === 'lost' && this.release(call)) await this.recover([call]);
  }

  private fail(calls: readonly PendingCall[], error: RpcError): void {
    for (const call of calls) {
      call.over();
      if (!this.isOver) this.res.write(sseEvent(errorMessage(call.id, error)));
    }
  }
}

const LOST: RpcError = {
  code: REFUSALS.lost,
  message: 'the server was lost during the call, which may have been executed',
};
const UNREACHABLE: RpcError = {
  code: REFUSALS.unavailable,
  message: 'the server cannot be reached, nothing was executed',
};

function parsedJson(raw: Buffer): unknown {
  try {
    return JSON.parse(eventData(raw));
  } catch {
    return undefined;
  }
}

/** One message out of a batch, as a body of its own. */
function bodyOf(batch: Buffer, { id }: Message): Buffer {
  const members = JSON.parse(batch.toString('utf8')) as { id?: unknown }[];
  const member = members.find((one) => JSON.stringify(one.id) === id);
  return Buffer.from(JSON.stringify(member ?? {}));
}
