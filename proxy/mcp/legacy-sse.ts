/** The legacy HTTP+SSE endpoint (2024-11-05): GET opens a session, POST with its id sends to it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { forwardedHeaders } from '../headers.js';
import type { Plane } from '../plane.js';
import type { Session } from '../session.js';
import { MAX_BODY_BYTES, readBody } from './body.js';
import { streamableConnector } from './connector.js';
import { Conversation } from './conversation.js';
import { MAX_INITIALIZE_BYTES } from './initialize.js';
import { learnFromRequest } from './learn.js';
import { scanMessages } from './message-scanner.js';
import { REFUSALS, refuse } from './refusals.js';

export class LegacySse {
  private readonly conversations = new Map<string, Conversation>();

  private readonly plane: Plane;

  constructor(plane: Plane) {
    this.plane = plane;
  }

  /** Serves one request on a legacy endpoint. Never rejects. */
  serve(req: IncomingMessage, res: ServerResponse): Promise<void> | void {
    return req.method === 'GET' ? this.open(req, res) : this.post(req, res);
  }

  private async open(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { sessions } = this.plane;
    const headers = forwardedHeaders(req);
    const path = req.url ?? '/';
    const session = this.resumed(req) ?? this.opened(path);
    if (session === null) {
      const message = `too many sessions: at most ${this.plane.config.maxSessions} are allowed`;
      return refuse(res, 503, { code: REFUSALS.full, message });
    }
    session.seen(path, headers);
    const conversation = new Conversation(this.plane, session, res, path, headers);
    session.transport = conversation;
    this.conversations.set(session.id, conversation);
    await conversation.run();
    this.conversations.delete(session.id);
    sessions.end(session, true);
  }

  /** An EventSource that reopens its stream names the last event id: our endpoint event bears one. */
  private resumed(req: IncomingMessage): Session | null {
    const session = this.plane.sessions.get(String(req.headers['last-event-id'] ?? ''));
    if (session?.kind !== 'sse' || this.conversations.has(session.id)) return null;
    return session;
  }

  private opened(path: string): Session | null {
    const { sessions, tracks } = this.plane;
    if (sessions.isFull) return null;
    const track = sessions.split.pick(tracks.open()) ?? 'stable';
    return sessions.create({
      kind: 'sse',
      track,
      initialize: null,
      path,
      connector: streamableConnector,
    });
  }

  private async post(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const id = new URL(req.url ?? '/', 'http://proxy').searchParams.get('sessionId') ?? '';
    const session = this.plane.sessions.get(id);
    const conversation = this.conversations.get(id);
    if (session === undefined || conversation === undefined) {
      return refuse(res, 404, { code: REFUSALS.unknownSession, message: 'Session not found' });
    }
    const body = await readBody(req);
    if (body.kind === 'aborted') return;
    if (body.kind === 'too-large') {
      const message = `a request takes at most ${MAX_BODY_BYTES} bytes`;
      return refuse(res, 413, { code: REFUSALS.tooLarge, message });
    }
    const headers = forwardedHeaders(req);
    session.seen(session.path, headers);
    const messages = scanMessages(body.bytes);
    await conversation.post(res, body.bytes, headers);
    if (messages[0]?.method === 'initialize' && body.bytes.length <= MAX_INITIALIZE_BYTES) {
      session.initialize = body.bytes;
      this.plane.sessions.save(session);
    }
    learnFromRequest(this.plane, session, messages, body.bytes);
  }
}
