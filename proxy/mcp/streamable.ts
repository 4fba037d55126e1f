/** The Streamable HTTP endpoint: which kind of request is this, and who serves it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { forwardedHeaders, SESSION_HEADER } from '../headers.js';
import type { Pin } from '../pin.js';
import type { Plane } from '../plane.js';
import type { Session } from '../session.js';
import { Answer } from './answer.js';
import { Attempt } from './attempt.js';
import { MAX_BODY_BYTES, readBody } from './body.js';
import { EventStream } from './event-stream.js';
import { MAX_INITIALIZE_BYTES, serveInitialize } from './initialize.js';
import { learnFromRequest } from './learn.js';
import { scanMessages, type Message } from './message-scanner.js';
import { Post, type PostHooks, type PostRequest } from './post.js';
import { REFUSALS, refuse } from './refusals.js';

/** Serves one request on an MCP endpoint. Never rejects. */
export async function serveStreamable(
  plane: Plane,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const sessionId = req.headers[SESSION_HEADER];
  if (sessionId === undefined) return serveSessionless(plane, req, res);
  const session = plane.sessions.get(String(sessionId));
  if (session === undefined || session.kind !== 'streamable') {
    const error = { code: REFUSALS.unknownSession, message: 'Session not found' };
    return refuse(res, 404, error);
  }
  const headers = forwardedHeaders(req);
  const path = req.url ?? '/';
  session.seen(path, headers);
  if (req.method === 'POST') return servePost(plane, session, req, res, headers);
  if (req.method === 'DELETE') return serveDelete(plane, session, res, { path, headers });
  return new EventStream(plane, session, session, { res, path, headers }).run();
}

async function serveSessionless(
  plane: Plane,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const headers = forwardedHeaders(req);
  const path = req.url ?? '/';
  const pin = plane.clients.pinOf(req);
  if (req.method === 'POST') return servePost(plane, pin, req, res, headers);
  return new EventStream(plane, pin, null, { res, path, headers }).run();
}

async function servePost(
  plane: Plane,
  pin: Pin | Session,
  req: IncomingMessage,
  res: ServerResponse,
  headers: readonly string[],
): Promise<void> {
  const body = await readBody(req);
  if (body.kind === 'aborted') return;
  if (body.kind === 'too-large') {
    const message = `a request takes at most ${MAX_BODY_BYTES} bytes`;
    return refuse(res, 413, { code: REFUSALS.tooLarge, message });
  }
  const messages = scanMessages(body.bytes);
  const request: PostRequest = {
    req,
    res,
    path: req.url ?? '/',
    headers,
    body: body.bytes,
    messages,
  };
  if (pin.clientId === null && messages.some(({ method }) => method === 'initialize'))
    return openSession(plane, request);
  if ('stored' in pin) learnFromRequest(plane, pin, messages, body.bytes);
  return new Post(plane, pin, request, hooksFor(plane, messages)).run();
}

function openSession(plane: Plane, request: PostRequest): Promise<void> | void {
  const id = request.messages[0]?.id ?? null;
  if (request.body.length > MAX_INITIALIZE_BYTES) {
    const message = `an initialize request takes at most ${MAX_INITIALIZE_BYTES} bytes`;
    return refuse(request.res, 413, { code: REFUSALS.tooLarge, message }, id);
  }
  if (plane.sessions.isFull) {
    const message = `too many sessions: at most ${plane.config.maxSessions} are allowed`;
    return refuse(request.res, 503, { code: REFUSALS.full, message }, id);
  }
  return serveInitialize(plane, request);
}

function hooksFor(plane: Plane, messages: readonly Message[]): PostHooks {
  if (!messages.some(({ method }) => method === 'tools/list')) return {};
  return { onText: (text) => plane.catalog.learn(parsed(text)) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Ends the session on the instance and here, unless the instance says that clients may not (405). */
async function serveDelete(
  plane: Plane,
  session: Session,
  res: ServerResponse,
  { path, headers }: { path: string; headers: readonly string[] },
): Promise<void> {
  const binding = session.current;
  const answer = new Answer(res, { sessionId: null, onMessage: () => undefined });
  if (binding !== null) {
    session.began(binding);
    const attempt = new Attempt({
      binding,
      request: { method: 'DELETE', path, headers, body: null },
      answer,
      onceDrained: (resume) => res.once('drain', resume),
    });
    res.once('close', () => attempt.stop('client-gone'));
    const end = await attempt.run();
    session.ended(binding);
    if (end.kind === 'ended') {
      if (end.status !== 405) plane.sessions.end(session, false);
      return answer.end();
    }
  }
  plane.sessions.end(session, false);
  if (!res.headersSent) res.writeHead(200, { 'content-length': 0 });
  res.end();
}
