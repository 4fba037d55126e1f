/**
 * What is not MCP: plain HTTP and WebSockets, through http-proxy. The package is from 2020; each
 * guard here mends something that it gets wrong on today's Node:
 *
 * 1. A client that leaves has its upstream request closed.
 * 2. Odd statuses, reasons and header values do not end the process.
 * 3. Headers are sent when they come, not with the first byte of the body.
 * 4. An upstream that closes in mid-body closes the client too: it must not wait for ever.
 * 5. Chunked DELETE and OPTIONS, which http-proxy turns into a second request, are refused, and so
 *    is a request target that is not a path.
 * 6. Hop-by-hop headers, and those named by `Connection`, are stripped in both directions.
 * 7. Upgrade sockets have error handlers of their own; each of their directions ends by itself; a
 *    client that leaves before its upgrade closes the upstream; a refusal is framed as it is sent.
 * 8. An answer that ends before its request's body does not leave the rest of it unread.
 * 9. The request target goes on as it came. http-proxy reads it as a URL: it throws at some, cuts
 *    what follows a `#`, turns `\` into `/`, and makes one slash of many, so that a target which is
 *    no MCP endpoint here becomes one at the server. A `#` is no part of a target (RFC 9112, 3.2.1).
 * 10. `Expect` is taken out first: node:http has answered it, and http-proxy lets nobody touch the
 *    headers of a request that has it.
 */
import { Agent, type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import httpProxy from 'http-proxy';
import type { Outcome, Track, TrackRoute } from '../common/protocol.js';
import { formatAddress } from '../config/units.js';
import { answerHeaders, lowerNames, namesIn, passedHeaders, TRACK_HEADER } from './headers.js';
import { writeHeadSafely } from './mcp/answer.js';
import { outcomeOfStatus } from './mcp/outcome.js';

const NO_HEADERS: ReadonlySet<string> = new Set();
const MAX_IDLE_SOCKETS = 256;
/** Not the client's, but ours. */
const OUR_HEADERS: ReadonlySet<string> = new Set([TRACK_HEADER]);
/** http-proxy needs these too on an upgrade; they are the handshake's own. */
const UPGRADE_HEADERS: ReadonlySet<string> = new Set([...OUR_HEADERS, 'connection', 'upgrade']);

/** The instance that a request goes to. */
export interface Destination {
  readonly track: Track;
  readonly target: TrackRoute;
}

/** Told once how a passed request ended, and when its answer began (`performance.now()`). */
export type PassedListener = (outcome: Outcome, firstByteAt: number | null) => void;

/** One request that is passed on: its two sides, and who waits for its end. */
class Passing {
  private readonly req: IncomingMessage;
  private readonly res: ServerResponse;
  private readonly onEnd: PassedListener;
  private upstream: ClientRequest | null = null;
  private answeredAt: number | null = null;
  private isOver = false;

  constructor(req: IncomingMessage, res: ServerResponse, onEnd: PassedListener) {
    this.req = req;
    this.res = res;
    this.onEnd = onEnd;
    res.once('close', () => {
      if (!res.writableFinished) this.end('client_gone');
      this.upstream?.destroy();
      this.discardBody();
    });
  }

  /** Nobody wants the rest of it, which the connection cannot go on without. */
  private discardBody(): void {
    this.req.unpipe();
    this.req.resume();
  }

  sending(upstream: ClientRequest): void {
    this.upstream = upstream;
    // An answer that is no answer, such as a 101 that nobody asked for, ends without an error.
    upstream.once('close', () => {
      if (this.answeredAt === null) this.fail();
    });
    if (this.res.destroyed) upstream.destroy();
  }

  relay(answer: IncomingMessage): void {
    const { res } = this;
    this.answeredAt = performance.now();
    const status = answer.statusCode ?? 502;
    const headers = lowerNames(answer.rawHeaders);
    const head = { status, statusMessage: answer.statusMessage ?? '', headers };
    writeHeadSafely(res, head, answerHeaders(headers, NO_HEADERS));
    if (answer.headers['content-length'] === undefined) res.flushHeaders();
    answer.on('error', () => res.destroy());
    answer.once('close', () => {
      if (answer.complete) return;
      this.end('cut');
      res.destroy();
    });
    res.once('finish', () => this.end(outcomeOfStatus(status)));
    answer.pipe(res);
  }

  fail(): void {
    this.end(this.res.headersSent ? 'cut' : 'connect_error');
    answerText(this.res, 502, 'the server cannot be reached');
  }

  private end(outcome: Outcome): void {
    if (this.isOver) return;
    this.isOver = true;
    this.onEnd(outcome, this.answeredAt);
  }
}

export class Passthrough {
  private readonly agent = new Agent({ keepAlive: true, maxFreeSockets: MAX_IDLE_SOCKETS });
  private readonly passing = new WeakMap<IncomingMessage, Passing>();
  private readonly proxy = httpProxy.createProxyServer({
    agent: this.agent,
    selfHandleResponse: true,
  });

  constructor() {
    this.proxy.on('proxyReq', (upstream, req) => {
      upstream.path = targetOf(req);
      replaceHeaders(upstream, req, OUR_HEADERS);
      this.passing.get(req)?.sending(upstream);
    });
    this.proxy.on('proxyRes', (answer, req) => this.passing.get(req)?.relay(answer));
    this.proxy.on('proxyReqWs', (upstream, req, socket) => {
      upstream.path = targetOf(req);
      replaceHeaders(upstream, req, UPGRADE_HEADERS);
      guardUpgrade(upstream, socket);
    });
  }

  /** Passes a plain request on. `onEnd` is called once. */
  web(req: IncomingMessage, res: ServerResponse, to: Destination, onEnd: PassedListener): void {
    const problem = refusedBecause(req);
    if (problem !== null) {
      answerText(res, problem.status, problem.message);
      return onEnd('client_error', null);
    }
    delete req.headers.expect;
    const passing = new Passing(req, res, onEnd);
    this.passing.set(req, passing);
    this.proxy.web(req, res, optionsFor(to), () => passing.fail());
  }

  /** Passes a WebSocket on. `onEnd` is called once. */
  upgrade(
    req: IncomingMessage,
    socket: Duplex,
    { head, ...to }: Destination & { readonly head: Buffer },
    onEnd: () => void,
  ): void {
    socket.on('error', () => socket.destroy());
    socket.once('close', onEnd);
    if (!isOriginForm(req) || !(socket instanceof Socket)) {
      socket.destroy();
      return;
    }
    delete req.headers.expect;
    this.proxy.ws(req, socket, head, optionsFor(to), () => {
      if (socket.writable) socket.end('HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\n\r\n');
    });
  }

  close(): void {
    this.proxy.close();
    this.agent.destroy();
  }
}

function guardUpgrade(upstream: ClientRequest, socket: Duplex): void {
  const onEnd = (): void => void socket.destroy();
  socket.once('end', onEnd);
  socket.once('close', () => upstream.destroy());
  upstream.once('upgrade', (_answer, upstreamSocket: Duplex) => {
    socket.off('end', onEnd);
    upstreamSocket.allowHalfOpen = true;
    upstreamSocket.on('error', () => socket.destroy());
    socket.once('close', () => upstreamSocket.destroy());
  });
  upstream.once('response', (answer) => {
    frameByClose(answer);
    answer.once('close', () => {
      if (!answer.complete) socket.destroy();
    });
  });
}

/** http-proxy writes these headers, the body without its chunks, and then closes. */
function frameByClose(answer: IncomingMessage): void {
  const names = new Set(namesIn(answerHeaders(lowerNames(answer.rawHeaders), NO_HEADERS)));
  for (const name of Object.keys(answer.headers))
    if (!names.has(name)) Reflect.deleteProperty(answer.headers, name);
  answer.headers.connection = 'close';
}

/** What the client says of the track is overwritten. `toProxy`: the target is not parsed. */
function optionsFor({ track, target }: Destination): httpProxy.ServerOptions {
  const headers = { [TRACK_HEADER]: track };
  return { target: `http://${formatAddress(target)}`, toProxy: true, headers };
}

function targetOf({ url }: IncomingMessage): string {
  return url ?? '/';
}

function isOriginForm(req: IncomingMessage): boolean {
  return /^\/(?!\/)[^#]*$/.test(targetOf(req));
}

function refusedBecause(req: IncomingMessage): { status: number; message: string } | null {
  if (!isOriginForm(req)) return { status: 400, message: 'the request target must be a path' };
  const isChunked = req.headers['transfer-encoding'] !== undefined;
  if (isChunked && (req.method === 'DELETE' || req.method === 'OPTIONS')) {
    return { status: 411, message: `${req.method} takes a body only with a Content-Length` };
  }
  return null;
}

function answerText(res: ServerResponse, status: number, text: string): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  res.writeHead(status, {
    'content-type': 'text/plain',
    'content-length': Buffer.byteLength(text),
  });
  res.end(text);
}

/** http-proxy copies the client's headers: what must not pass is taken out, the chain is added. */
function replaceHeaders(
  upstream: ClientRequest,
  req: IncomingMessage,
  kept: ReadonlySet<string>,
): void {
  const passed = passedHeaders(req);
  const names = new Set(namesIn(passed).map((name) => name.toLowerCase()));
  for (const name of upstream.getHeaderNames()) {
    const isFraming = name === 'content-length' || name === 'transfer-encoding';
    if (!names.has(name) && !isFraming && !kept.has(name)) upstream.removeHeader(name);
  }
  for (let i = 0; i < passed.length; i += 2) {
    const name = passed[i] ?? '';
    if (name.startsWith('x-forwarded-')) upstream.setHeader(name, passed[i + 1] ?? '');
  }
}
