/** The Streamable HTTP endpoint: which kind of request is this, and who serves it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { forwardedHeaders, SESSION_HEADER } from '../headers.js';
import type { Plane } from '../plane.js';
import type { Session } from '../session.js';
import { readMessages } from './body.js';
import { readCallEventId } from './call-event-id.js';
import { endSession } from './end-session.js';
import { EventStream } from './event-stream.js';
import { ask } from './ask.js';
import { answerBinding, splitBatch, withOwnId, type SplitBatch } from './from-client.js';
import { protocolHeaders, VERSION_HEADER } from './handshake.js';
import { MAX_INITIALIZE_BYTES, serveInitialize } from './initialize.js';
import { learnFromRequest, learnInitialized } from './learn.js';
import type { Message } from './message-scanner.js';
import { Post } from './post.js';
import type { PostHooks, PostRequest } from './post-request.js';
import { REFUSALS, refuse } from './refusals.js';
import { takeUp, tellLost } from './take-up.js';

/** Open GET streams that one session may have. */
const MAX_STREAMS = 16;
/** The first protocol version in which a stream may begin with an event id and no data. */
const FIRST_WITH_PRIMING = '2025-11-25';
/** For an answer out of a batch to reach its instance. */
const DELIVERY_TIMEOUT_MS = 10_000;

/** The request needs the MCP engine: all others on the endpoint pass as plain HTTP. */
export function isForEngine(req: IncomingMessage): boolean {
  return req.method === 'POST' || req.headers[SESSION_HEADER] !== undefined;
}

/** Serves one request on an MCP endpoint; a promise when that takes time. Never rejects. */
export function serveStreamable(
  plane: Plane,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> | void {
  const sessionId = req.headers[SESSION_HEADER];
  if (sessionId === undefined) return servePost(plane, null, req, res);
  if (typeof sessionId !== 'string' || sessionId.includes(',')) {
    const message = 'Mcp-Session-Id must be given once';
    return refuse(res, 400, { code: REFUSALS.badRequest, message });
  }
  const session = plane.sessions.get(sessionId);
  if (session?.kind !== 'streamable') return serveUnknown(req, res);
  return serveInSession(plane, session, req, res);
}

/** A session that has ended, or that was lost with the file that sessions are kept in. */
function serveUnknown(req: IncomingMessage, res: ServerResponse): void {
  const own = req.method === 'GET' ? readCallEventId(lastEventIdOf(req)) : null;
  if (own !== null) return tellLost(own, res, null);
  const error = { code: REFUSALS.unknownSession, message: 'Session not found' };
  return refuse(res, 404, error);
}

function lastEventIdOf(req: IncomingMessage): string {
  return String(req.headers['last-event-id'] ?? '');
}

function serveInSession(
  plane: Plane,
  session: Session,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> | void {
  const headers = forwardedHeaders(req);
  const path = req.url ?? '/';
  session.seen(path, headers);
  switch (req.method) {
    case 'POST':
      return servePost(plane, session, req, res, headers);
    case 'DELETE':
      return endSession(plane, session, res, { path, headers });
    case 'GET':
      break;
    default:
      res.writeHead(405, { allow: 'GET, POST, DELETE', 'content-length': 0 });
      res.end();
      return;
  }
  const lastEventId = lastEventIdOf(req);
  const own = readCallEventId(lastEventId);
  if (own?.label === session.label) return takeUp(plane, session, own, res);
  if (session.streams >= MAX_STREAMS) {
    const message = `a session may have ${MAX_STREAMS} streams`;
    return refuse(res, 429, { code: REFUSALS.full, message });
  }
  const request = { res, path, headers, lastEventId: lastEventId === '' ? null : lastEventId };
  return new EventStream(plane, session, request).run();
}

async function servePost(
  plane: Plane,
  session: Session | null,
  req: IncomingMessage,
  res: ServerResponse,
  headers = forwardedHeaders(req),
): Promise<void> {
  const read = await readMessages(plane, req, res);
  if (read === null) return;
  try {
    const { body, messages } = read;
    const request = { req, res, path: req.url ?? '/', headers, body, messages };
    await (session === null
      ? answerSessionless(plane, request)
      : answerInSession(plane, session, request));
  } finally {
    plane.bodies.release(read.body.length);
  }
}

async function answerInSession(
  plane: Plane,
  session: Session,
  request: PostRequest,
): Promise<void> {
  learnFromRequest(plane, session, request.messages, request.body);
  const batch = splitBatch(session, request.messages, request.body);
  if (batch === null) return answerOne(plane, session, request);
  deliver(request, batch);
  if (batch.rest === null) return accepted(request.res);
  return answerOne(plane, session, { ...request, ...batch.rest });
}

async function answerOne(plane: Plane, session: Session, request: PostRequest): Promise<void> {
  const { messages, body } = request;
  const pin = answerBinding(session, messages) ?? session;
  if (pin === 'gone') return accepted(request.res);
  const own = { ...request, body: withOwnId(messages, body) };
  await new Post(plane, pin, own, sessionHooks(plane, session, request)).run();
  learnInitialized(plane, session, messages);
}

/** Hands a batch's answers to the instances that wait for them. */
function deliver({ path, headers }: PostRequest, { answers }: SplitBatch): void {
  for (const { binding, body } of answers) {
    const own = protocolHeaders(headers);
    if (binding.upstreamId !== null) own.push(SESSION_HEADER, binding.upstreamId);
    const post = { method: 'POST' as const, path, headers: own, body };
    void ask(binding.upstream, post, DELIVERY_TIMEOUT_MS);
  }
}

function answerSessionless(plane: Plane, request: PostRequest): Promise<void> | void {
  const { req, messages } = request;
  if (messages.some(({ method }) => method === 'initialize')) return openSession(plane, request);
  const version = req.headers[VERSION_HEADER];
  if (typeof version === 'string') plane.clients.noteVersion(version);
  const pin = plane.clients.pinOf(req, messages);
  const onAnswer: PostHooks['onAnswer'] = (message, binding) => pin.answered(message, binding);
  return new Post(plane, pin, request, { ...toolHooks(plane, messages), onAnswer }).run();
}

function accepted(res: ServerResponse): void {
  res.writeHead(202, { 'content-length': 0 });
  res.end();
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

function sessionHooks(plane: Plane, session: Session, request: PostRequest): PostHooks {
  const { path, headers, body } = request;
  return {
    ...toolHooks(plane, request.messages),
    asked: session.asked,
    ...(comesBack(session) && { callers: session.callers }),
    onSuspended: (ledger, track, isDropped) =>
      session.suspended.add({ ledger, path, headers, body, track, isDropped }),
  };
}

/** Clients of older versions take an event without data for a message. */
function comesBack({ negotiated }: Session): boolean {
  return (negotiated?.protocolVersion ?? '') >= FIRST_WITH_PRIMING;
}

/** What the service's tools may do is learned from the lists that clients ask for. */
function toolHooks(plane: Plane, messages: readonly Message[]): PostHooks {
  if (!messages.some(({ method }) => method === 'tools/list')) return {};
  return { onText: (text) => plane.catalog.learnText(text) };
}
