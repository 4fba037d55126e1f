/** The legacy HTTP+SSE endpoint (2024-11-05): GET opens a session, POST with its id sends to it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { forwardedHeaders } from '../headers.js';
import type { Plane } from '../plane.js';
import type { Session } from '../session.js';
import { readMessages } from './body.js';
import { Conversation } from './conversation.js';
import { answerBinding, withOwnId } from './from-client.js';
import { disconnected } from './disconnected.js';
import { learnFromRequest } from './learn.js';
import { REFUSALS, refuse } from './refusals.js';

export class LegacySse {
  private readonly plane: Plane;
  private readonly conversations = new Map<string, Conversation>();

  constructor(plane: Plane) {
    this.plane = plane;
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
    const session = this.resumed(req) ?? this.opened(path);
    if (session === null) {
      const message = `too many sessions: at most ${this.plane.config.maxSessions} are allowed`;
      return refuse(res, 503, { code: REFUSALS.full, message });
    }
    const headers = forwardedHeaders(req);
    session.seen(path, headers);
    const conversation = new Conversation(this.plane, session, { res, path, headers });
    session.transport = conversation;
    this.conversations.set(session.id, conversation);
    await conversation.run();
    this.conversations.delete(session.id);
    session.transport = disconnected;
    session.seen(path, headers);
    if (session.initialize === null) this.plane.sessions.end(session, false);
  }

  /** An EventSource that reopens its stream names the last event id: our endpoint event bears one. */
  private resumed(req: IncomingMessage): Session | null {
    const session = this.plane.sessions.get(String(req.headers['last-event-id'] ?? ''));
    return session?.kind === 'sse' && !this.conversations.has(session.id) ? session : null;
  }

  private opened(path: string): Session | null {
    const { sessions, tracks } = this.plane;
    if (sessions.isFull) return null;
    const track = sessions.split.pick(tracks.open()) ?? 'stable';
    const connector = disconnected;
    return sessions.create({ kind: 'sse', track, initialize: null, path, connector });
  }

  private async post(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const id = sessionIdOf(req) ?? '';
    const session = this.plane.sessions.get(id);
    const conversation = this.conversations.get(id);
    if (session === undefined || conversation === undefined) {
      return refuse(res, 404, { code: REFUSALS.unknownSession, message: 'Session not found' });
    }
    const read = await readMessages(req, res, this.plane.bodies);
    if (read === null) return;
    const { messages } = read;
    const headers = forwardedHeaders(req);
    session.seen(session.path, headers);
    learnFromRequest(this.plane, session, messages, read.body);
    const pin = answerBinding(session, messages) ?? session;
    const body = withOwnId(messages, read.body);
    const status = pin === 'gone' ? 202 : await conversation.post(pin, { body, messages, headers });
    this.plane.bodies.release(read.body.length);
    answer(res, status);
  }
}

function sessionIdOf({ url }: IncomingMessage): string | null {
  return new URL(url ?? '/', 'http://proxy').searchParams.get('sessionId');
}

/** As the SDKs' servers answer: 202 with a word that nobody reads. */
function answer(res: ServerResponse, status: number): void {
  if (res.headersSent || res.destroyed) return;
  const body = status === 202 ? 'Accepted' : '';
  res.writeHead(status, { 'content-type': 'text/plain', 'content-length': body.length });
  res.end(body);
}
