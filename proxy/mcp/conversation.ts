/**
 * A client's legacy SSE connection (2024-11-05): the session is this connection. The client's stream
 * stays open while the instance behind it changes.
 *
 * 1. The client learns one message URI, ours, with the session's id.
 * 2. A call is answered by the event with its id, whichever connection it was sent on.
 * 3. Only one upstream connection writes an event in pieces at a time.
 */
import type { ServerResponse } from 'node:http';
import type { Binding } from '../pin.js';
import type { Plane } from '../plane.js';
import type { Connector, Follower, Session } from '../session.js';
import type { Upstream } from '../upstream.js';
import { ask } from './ask.js';
import { followUps, initializeFor, protocolHeaders, type Handshake } from './handshake.js';
import { isRequest, isResponse, scanMessages, type Message } from './message-scanner.js';
import { outcomeOfMessage } from './outcome.js';
import { toolOf } from './post.js';
import { errorMessage, REFUSALS, refuse } from './refusals.js';
import { mayReplay } from './replay.js';
import { sseEvent } from './sse-parser.js';
import { Upline, type UplineListener } from './upline.js';

const POST_TIMEOUT_MS = 10_000;
const HANDSHAKE_TIMEOUT_MS = 10_000;

interface PendingCall {
  readonly message: Message;
  readonly body: Buffer;
  readonly startedAt: number;
  binding: Binding;
  tries: number;
}

const MAX_TRIES = 4;

export class Conversation implements Connector, Follower, UplineListener {
  private readonly uplines = new Map<string, Upline>();
  private readonly pending = new Map<string, PendingCall>();
  /** Answers to handshakes of ours, which the client must not see. */
  private readonly ours = new Map<string, () => void>();
  private writer: Upline | null = null;
  private isOver = false;

  private readonly plane: Plane;
  readonly session: Session;
  private readonly res: ServerResponse;
  private readonly path: string;
  private readonly headers: readonly string[];

  constructor(
    plane: Plane,
    session: Session,
    res: ServerResponse,
    path: string,
    headers: readonly string[],
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
    session.followers.add(this);
    const acquired = await session.acquire(this.headers);
    if (acquired.kind === 'unavailable') {
      refuse(res, 503, { code: REFUSALS.unavailable, message: 'the server cannot be reached' });
    } else if (!res.destroyed) this.begin();
    await closed;
    this.end();
  }

  /** A message of the client. Never rejects. */
  async post(res: ServerResponse, body: Buffer, headers: readonly string[]) {
    const messages = scanMessages(body);
    const acquired = await this.session.acquire(headers);
    if (acquired.kind === 'unavailable') {
      this.failAll(
        messages.filter(isRequest),
        REFUSALS.unavailable,
        'the server cannot be reached',
      );
      return accept(res);
    }
    const { binding } = acquired;
    for (const message of messages.filter(isRequest)) this.await(message, body, binding);
    const asked = await ask(
      binding.upstream,
      { method: 'POST', path: binding.upstreamId ?? this.path, headers: [...headers], body },
      POST_TIMEOUT_MS,
    );
    if (asked.kind === 'answered' && asked.status >= 400) {
      this.drop(messages, 'client_error');
      res.writeHead(asked.status, { 'content-length': 0 });
      res.end();
      return;
    }
    if (asked.kind === 'lost') this.onPostLost(binding);
    accept(res);
  }

  // Connector

  async connect(
    session: Session,
    upstream: Upstream,
    headers: readonly string[],
  ): Promise<Handshake> {
    const upline = new Upline(upstream, this);
    const opened = await upline.open(this.path, this.headers);
    if (opened.kind !== 'open') return opened;
    this.uplines.set(opened.endpoint, upline);
    const done = await this.introduce(session, upstream, opened.endpoint, headers);
    if (!done) {
      this.uplines.delete(opened.endpoint);
      upline.close();
      return { kind: 'unreachable', reason: 'the handshake was not answered' };
    }
    return { kind: 'done', upstreamId: opened.endpoint, protocolVersion: '2024-11-05' };
  }

  disconnect(_session: Session, { upstreamId }: Binding): void {
    this.uplines.get(upstreamId ?? '')?.close();
    this.uplines.delete(upstreamId ?? '');
  }

  // Follower

  follow(): void {
    void this.session.acquire(this.headers);
  }

  // UplineListener

  onEvent(upline: Upline, bytes: Buffer, message: Message | null): void {
    if (this.writer === upline) this.writer = null;
    if (message !== null && isResponse(message) && message.id !== null) {
      const ours = this.ours.get(message.id);
      if (ours !== undefined) {
        this.ours.delete(message.id);
        ours();
        return;
      }
      this.answered(message);
    }
    this.write(upline, bytes);
    if (this.writer === null) for (const other of this.uplines.values()) other.resume();
  }

  onPiece(upline: Upline, bytes: Buffer): void {
    this.writer = upline;
    for (const other of this.uplines.values()) if (other !== upline) other.pause();
    this.write(upline, bytes);
  }

  onGone(upline: Upline): void {
    if (this.writer === upline) {
      this.writer = null;
      this.res.write('\n\n');
    }
    for (const [endpoint, known] of this.uplines) {
      if (known !== upline) continue;
      this.uplines.delete(endpoint);
      const binding = this.session.current;
      if (binding?.upstreamId === endpoint) this.session.forget(binding);
      void this.recover(endpoint);
    }
  }

  private begin(): void {
    const { res, session, path } = this;
    res.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
    });
    const [pathname] = path.split('?');
    const uri = `${pathname ?? path}?sessionId=${session.id}`;
    res.write(sseEvent(uri, 'endpoint', session.id));
    this.plane.tracks.meter(session.track).streams += 1;
  }

  private end(): void {
    this.isOver = true;
    const { session } = this;
    session.followers.delete(this);
    if (this.res.headersSent) this.plane.tracks.meter(session.track).streams -= 1;
    for (const call of this.pending.values()) this.settle(call, 'client_gone');
    this.pending.clear();
    this.plane.sessions.end(session, true);
    for (const upline of this.uplines.values()) upline.close();
    this.uplines.clear();
  }

  /** Brings a fresh connection to where the session was. */
  private async introduce(
    session: Session,
    upstream: Upstream,
    endpoint: string,
    headers: readonly string[],
  ): Promise<boolean> {
    if (session.initialize === null) return true;
    const post = (body: Buffer) =>
      ask(
        upstream,
        { method: 'POST', path: endpoint, headers: protocolHeaders(headers), body },
        HANDSHAKE_TIMEOUT_MS,
      );
    const body = initializeFor(session.initialize, session.negotiated);
    const id = scanMessages(body)[0]?.id ?? null;
    if (id === null) return false;
    const answered = new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), HANDSHAKE_TIMEOUT_MS);
      this.ours.set(id, () => {
        clearTimeout(timer);
        resolve(true);
      });
    });
    await post(body);
    if (!(await answered)) return false;
    for (const text of followUps({
      initialized: session.initialized,
      restore: [...session.restore.values()],
    })) {
      const followUpId = scanMessages(Buffer.from(text))[0]?.id ?? null;
      if (followUpId !== null) this.ours.set(followUpId, () => undefined);
      await post(Buffer.from(text));
    }
    return true;
  }

  private await(message: Message, body: Buffer, binding: Binding): void {
    this.session.began(binding);
    const call = { message, body, startedAt: performance.now(), binding, tries: 1 };
    this.pending.set(message.id ?? '', call);
  }

  private answered(message: Message): void {
    const call = this.pending.get(message.id ?? '');
    if (call === undefined) return;
    this.pending.delete(message.id ?? '');
    this.settle(call, outcomeOfMessage(message));
  }

  private settle(
    call: PendingCall,
    outcome: Parameters<Plane['accounts']['finish']>[0]['outcome'],
  ) {
    this.session.ended(call.binding);
    this.plane.accounts.finish({
      track: call.binding.track,
      session: this.session.label,
      tool: toolOf(call.message),
      outcome,
      startedAt: call.startedAt,
    });
  }

  private drop(messages: readonly Message[], outcome: 'client_error'): void {
    for (const { id } of messages) {
      const call = this.pending.get(id ?? '');
      if (call === undefined) continue;
      this.pending.delete(id ?? '');
      this.settle(call, outcome);
    }
  }

  private onPostLost(binding: Binding): void {
    this.session.forget(binding);
    void this.recover(binding.upstreamId ?? '');
  }

  /** The connection at `endpoint` is lost: its calls are sent again, or answered with an error. */
  private async recover(endpoint: string): Promise<void> {
    if (this.isOver) return;
    const lost = [...this.pending].filter(([, call]) => call.binding.upstreamId === endpoint);
    for (const [id, call] of lost) {
      this.pending.delete(id);
      this.settle(call, 'cut');
    }
    const again: PendingCall[] = [];
    for (const [, call] of lost) {
      const { replay } = this.plane.config;
      if (call.tries < MAX_TRIES && mayReplay([call.message], replay, this.plane.catalog))
        again.push(call);
      else this.failAll([call.message], REFUSALS.lost, 'the server was lost during the call');
    }
    const acquired = await this.session.acquire(this.session.headers);
    if (acquired.kind === 'unavailable') {
      const calls = again.map(({ message }) => message);
      return this.failAll(calls, REFUSALS.unavailable, 'the server cannot be reached');
    }
    await Promise.all(again.map((call) => this.sendAgain(call, acquired.binding)));
  }

  private async sendAgain(call: PendingCall, binding: Binding): Promise<void> {
    this.session.began(binding);
    this.pending.set(call.message.id ?? '', { ...call, binding, tries: call.tries + 1 });
    const asked = await ask(
      binding.upstream,
      {
        method: 'POST',
        path: binding.upstreamId ?? this.path,
        headers: protocolHeaders(this.session.headers),
        body: call.body,
      },
      POST_TIMEOUT_MS,
    );
    if (asked.kind === 'lost') this.onPostLost(binding);
  }

  private failAll(messages: readonly Message[], code: number, message: string): void {
    for (const { id } of messages) this.res.write(sseEvent(errorMessage(id, { code, message })));
  }

  private write(upline: Upline, bytes: Buffer): void {
    if (this.res.destroyed || this.res.write(bytes)) return;
    upline.pause();
    this.res.once('drain', () => upline.resume());
  }
}

function accept(res: ServerResponse): void {
  if (res.headersSent || res.destroyed) return;
  res.writeHead(202, { 'content-type': 'text/plain', 'content-length': 8 });
  res.end('Accepted');
}
