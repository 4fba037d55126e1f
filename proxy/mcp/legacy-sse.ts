/** The legacy HTTP+SSE endpoint (2024-11-05): GET opens a session, POST with its id sends to it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Track } from '../../common/protocol.js';
import { forwardedHeaders } from '../headers.js';
import type { Plane } from '../plane.js';
import type { Session } from '../session.js';
import { Absentees } from './absentees.js';
import { readMessages, type ReadBody } from './body.js';
import { Comeback } from './comeback.js';
import { Conversation } from './conversation.js';
import { answerBinding, splitBatch, withOwnId } from './from-client.js';
import { disconnected } from './disconnected.js';
import { learnFromRequest, learnInitialized } from './learn.js';
import { postMessage } from './recovery.js';
import { REFUSALS, refuse } from './refusals.js';
import { WaitingRoom } from './waiting-room.js';

export class LegacySse {
  private readonly plane: Plane;
  /** By the ids of sessions whose client is there. */
  private readonly conversations = new Map<string, Conversation>();
  /** Of clients that have not said yet who they are. */
  private readonly comebacks = new Map<string, Comeback>();
  private readonly absentees: Absentees;
  private readonly waiting = new WaitingRoom();

  constructor(plane: Plane) {
    this.plane = plane;
    this.absentees = new Absentees(plane.sessions, ({ id }) => this.conversations.has(id));
  }

  /** The request belongs to the transport: its GET, or a POST to a message URI of ours. */
  isForUs(req: IncomingMessage): boolean {
    return req.method === 'GET' || (req.method === 'POST' && sessionIdOf(req) !== null);
  }

  /** Serves one request on a legacy endpoint. Never rejects. */
  serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    return req.method === 'GET' ? this.open(req, res) : this.post(req, res);
  }

  private async open(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const path = req.url ?? '/';
    const client = this.plane.keys.exact(req);
    const named = this.named(req);
    const likely = named === null ? this.absentees.find(client) : null;
    const session = named ?? this.opened(req, client, likely?.standing?.track);
    if (session === null) {
      const message = `too many sessions: at most ${this.plane.config.maxSessions} are allowed`;
      return refuse(res, 503, { code: REFUSALS.full, message });
    }
    const headers = forwardedHeaders(req);
    session.seen(path, headers);
    const conversation = new Conversation(this.plane, session, { res, path });
    session.transport = conversation;
    this.conversations.set(session.id, conversation);
    this.waiting.release(session.id, conversation);
    const comeback = likely === null ? null : this.comebackOf(session.id, conversation, client);
    await conversation.run(() => {
      if (named !== null) conversation.answerLeft(this.plane.sessions.unanswered.takeAll(named.id));
      comeback?.listen();
    });
    void comeback?.decide(false);
    this.conversations.delete(session.id);
    session.transport = disconnected;
    session.seen(path, headers);
    if (session.initialize === null) this.plane.sessions.end(session, 'unused');
    // What we have ended ourselves leaves its client in it.
    else if (!res.writableEnded) this.plane.sessions.left(session);
  }

  /** An EventSource that reopens its stream names the last event id: our endpoint event bears one. */
  private named(req: IncomingMessage): Session | null {
    const session = this.plane.sessions.get(String(req.headers['last-event-id'] ?? ''));
    return session?.kind === 'sse' && !this.conversations.has(session.id) ? session : null;
  }

  /** `former`: where the client's session was, if it is one that comes back. */
  private opened(req: IncomingMessage, client: string, former: Track | undefined): Session | null {
    const { sessions, tracks, placement } = this.plane;
    if (sessions.isFull) return null;
    const isOpen = former !== undefined && tracks.mayStay(former);
    const chosen = isOpen ? null : placement.of(req, null);
    const track = isOpen ? former : (chosen ?? sessions.split.pick(tracks.open()) ?? 'stable');
    const path = req.url ?? '/';
    const placed = chosen !== null;
    const connector = disconnected;
    return sessions.create({
      kind: 'sse',
      track,
      placed,
      initialize: null,
      path,
      client,
      connector,
    });
  }

  private comebackOf(id: string, conversation: Conversation, client: string): Comeback {
    const takeOver = async (): Promise<void> => {
      const claim = this.absentees.claim(client);
      if (claim === null) return void this.comebacks.delete(id);
      const { session, standing, isOnly } = claim;
      if (standing !== null) await conversation.goOnAs(standing);
      this.comebacks.delete(id);
      conversation.answerLeft(this.absentees.waitedFor(client, claim, comeback.sent));
      if (session === null) return;
      // Where several differ, nobody knows whose it is: it stays until it has been idle for too long.
      if (standing !== null) this.plane.sessions.end(session, 'replaced');
      this.waiting.release(session.id, isOnly ? conversation : null);
    };
    const comeback: Comeback = new Comeback(takeOver, () => void this.comebacks.delete(id));
    this.comebacks.set(id, comeback);
    return comeback;
  }

  private async post(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const id = sessionIdOf(req) ?? '';
    const session = this.plane.sessions.get(id);
    if (session?.kind !== 'sse') return unknown(res);
    const read = await readMessages(this.plane, req, res);
    if (read === null) return;
    try {
      const conversation = this.conversations.get(id) ?? (await this.backOf(session, req));
      if (conversation === null) unknown(res);
      else answer(res, await this.deliver(conversation, read, forwardedHeaders(req)));
    } finally {
      this.plane.bodies.release(read.body.length);
    }
  }

  /** Waits for a client that is away, if it can be told from others when it comes back. */
  private backOf(session: Session, req: IncomingMessage): Promise<Conversation | null> {
    const [only, ...others] = this.absentees.of(this.plane.keys.exact(req));
    if (only !== session || others.length > 0) return Promise.resolve(null);
    return this.waiting.wait(session.id);
  }

  private async deliver(
    conversation: Conversation,
    { body: posted, messages }: ReadBody,
    headers: readonly string[],
  ): Promise<number> {
    const { session } = conversation;
    await this.comebacks.get(session.id)?.hear(messages);
    session.seen(session.path, headers);
    learnFromRequest(this.plane, session, messages, posted);
    const batch = splitBatch(session, messages, posted);
    for (const answer of batch?.answers ?? [])
      void postMessage(session, answer.binding, answer.body, headers);
    const rest = batch === null ? { messages, body: posted } : batch.rest;
    return rest === null ? 202 : this.deliverOne(conversation, rest, headers);
  }

  private async deliverOne(
    conversation: Conversation,
    { body, messages }: ReadBody,
    headers: readonly string[],
  ): Promise<number> {
    const { session } = conversation;
    const pin = answerBinding(session, messages) ?? session;
    if (pin === 'gone') return 202;
    const own = { body: withOwnId(messages, body), messages, headers };
    const status = await conversation.post(pin, own);
    learnInitialized(this.plane, session, messages);
    return status;
  }
}

function sessionIdOf({ url }: IncomingMessage): string | null {
  return new URL(url ?? '/', 'http://proxy').searchParams.get('sessionId');
}

function unknown(res: ServerResponse): void {
  refuse(res, 404, { code: REFUSALS.unknownSession, message: 'Session not found' });
}

/** As the SDKs' servers answer: 202 with a word that nobody reads. */
function answer(res: ServerResponse, status: number): void {
  if (res.headersSent || res.destroyed) return;
  const body = status === 202 ? 'Accepted' : '';
  res.writeHead(status, { 'content-type': 'text/plain', 'content-length': body.length });
  res.end(body);
}
