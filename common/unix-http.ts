/**
 * Small JSON APIs over HTTP on a unix socket: the proxy's admin socket and the orchestrator's
 * control socket are served and called with the same two functions.
 *
 * 1. The socket is 0600 from the moment it exists.
 * 2. Bodies are bounded in both directions; every call has a time-out.
 * 3. A call's failure is data (`UnixReply`), never an exception.
 * 4. One process serves a socket. When PM2's daemon dies, its apps live on as orphans, and a new
 *    daemon starts them a second time: an orphan gives way to its successor, nobody else does.
 */
import { chmodSync, rmSync } from 'node:fs';
import {
  createServer,
  request,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from './message-of.js';

const MAX_REQUEST_BYTES = 1 << 20;
const MAX_REPLY_BYTES = 64 << 20;

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** The parsed JSON body, undefined when there was none. */
  readonly body: unknown;
}

export interface ApiReply {
  readonly status: number;
  readonly body: unknown;
}

/** Answers one request. What it throws is answered with 500. */
export type ApiHandler = (request: ApiRequest) => ApiReply | Promise<ApiReply>;

/** A refusal that the caller is told: becomes `{ error: { code, message } }`. */
export function refusal(status: number, code: string, message: string): ApiReply {
  return { status, body: { error: { code, message } } };
}

/** A name that was percent-encoded into a path; as it stands when it was not, so it is found nowhere. */
export function decodedName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

const BASE = 'http://unix';
const TAKEOVER: UnixCall = { method: 'POST', path: '/v1/takeover', timeoutMs: 5_000 };
/** How long an orphan may take to finish what it carries. */
const TAKEOVER_MS = 20_000;
const POLL_MS = 50;

/** How a process is followed by another one. */
export interface Succession {
  /** Who looked after this process is gone. */
  isOrphan(): boolean;
  /** Ends this process in good order. */
  giveWay(): void;
}

/**
 * Serves `handle` on a unix socket until the returned server is closed. A socket file that nobody
 * answers on is replaced; an orphan that answers on it is asked to give way, and waited for.
 * @param succession null: it never gives way.
 * @throws Error when another process serves the socket and keeps it.
 */
export async function serveUnix(
  socketPath: string,
  handle: ApiHandler,
  succession: Succession | null,
): Promise<Server> {
  if (!(await freed(socketPath))) {
    throw new Error(`another process is already serving ${socketPath}`);
  }
  rmSync(socketPath, { force: true });
  const server = createServer((req, res) => {
    const isTakeover = req.method === TAKEOVER.method && req.url === TAKEOVER.path;
    // Who asked has gone in the middle of it.
    respond(req, res, isTakeover ? () => takeover(succession) : handle).catch(() => res.destroy());
  });
  server.requestTimeout = 10_000;
  const before = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(socketPath, resolve);
    });
  } finally {
    process.umask(before);
  }
  chmodSync(socketPath, 0o600);
  return server;
}

function takeover(succession: Succession | null): ApiReply {
  if (succession?.isOrphan() !== true) return refusal(409, 'refused', 'this process is no orphan');
  setImmediate(() => succession.giveWay());
  return { status: 200, body: {} };
}

/** True when nobody serves the socket, or who did has given way. */
async function freed(socketPath: string): Promise<boolean> {
  if (!(await answers(socketPath))) return true;
  const reply = await callUnix(socketPath, TAKEOVER);
  if (reply.kind !== 'answered' || reply.status !== 200) return false;
  const untilMs = performance.now() + TAKEOVER_MS;
  while (performance.now() < untilMs) {
    if (!(await answers(socketPath))) return true;
    await delay(POLL_MS);
  }
  return false;
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function respond(
  req: IncomingMessage,
  res: ServerResponse,
  handle: ApiHandler,
): Promise<void> {
  const reply = await replyTo(req, handle);
  const text = JSON.stringify(reply.body);
  res.writeHead(reply.status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  res.end(text);
}

async function replyTo(req: IncomingMessage, handle: ApiHandler): Promise<ApiReply> {
  const target = req.url ?? '/';
  if (!URL.canParse(target, BASE)) return refusal(400, 'bad_url', 'the address is none');
  const url = new URL(target, BASE);
  const text = await readAll(req, MAX_REQUEST_BYTES);
  if (text === null)
    return refusal(413, 'body_too_large', `a body takes at most ${MAX_REQUEST_BYTES} bytes`);
  let body: unknown;
  try {
    body = text === '' ? undefined : JSON.parse(text);
  } catch {
    return refusal(400, 'bad_json', 'the body is not JSON');
  }
  try {
    return await handle({
      method: req.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      body,
    });
  } catch (error) {
    return refusal(500, 'internal', messageOf(error));
  }
}

async function readAll(stream: IncomingMessage, maxBytes: number): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** What became of a call: an answer with its status, or no answer with the reason. */
export type UnixReply =
  | { readonly kind: 'answered'; readonly status: number; readonly body: unknown }
  | { readonly kind: 'unreachable'; readonly reason: string };

export interface UnixCall {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly timeoutMs: number;
}

/** Calls a JSON API on a unix socket. Never rejects. */
export function callUnix(socketPath: string, call: UnixCall): Promise<UnixReply> {
  return new Promise((resolve) => {
    const unreachable = (error: Error): void =>
      resolve({ kind: 'unreachable', reason: error.message });
    const text = call.body === undefined ? '' : JSON.stringify(call.body);
    const req = request(
      {
        socketPath,
        method: call.method,
        path: call.path,
        agent: false,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
        signal: AbortSignal.timeout(call.timeoutMs),
      },
      (res) => void readReply(res).then(resolve, unreachable),
    );
    req.once('error', unreachable);
    req.end(text);
  });
}

async function readReply(res: IncomingMessage): Promise<UnixReply> {
  const text = await readAll(res, MAX_REPLY_BYTES);
  if (text === null)
    return { kind: 'unreachable', reason: `the answer is over ${MAX_REPLY_BYTES} bytes` };
  return { kind: 'answered', status: res.statusCode ?? 0, body: JSON.parse(text) as unknown };
}
