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
 * 7. Upgrade sockets have error handlers of their own.
 */
import { Agent, type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import httpProxy from 'http-proxy';
import type { Logger } from '../common/log.js';
import type { Outcome, TrackRoute } from '../common/protocol.js';
import { answerHeaders, forwardedHeaders } from './headers.js';
import { writeHeadSafely } from './mcp/answer.js';

const NO_HEADERS: ReadonlySet<string> = new Set();
const MAX_IDLE_SOCKETS = 256;

/** How a passed request ended. */
export type Passed = (outcome: Outcome) => void;

export class Passthrough {
  private readonly agent = new Agent({ keepAlive: true, maxFreeSockets: MAX_IDLE_SOCKETS });
  private readonly proxy = httpProxy.createProxyServer({
    agent: this.agent,
    selfHandleResponse: true,
    xfwd: false,
  });

  private readonly log: Logger;

  constructor(log: Logger) {
    this.log = log;
    this.proxy.on('error', () => undefined);
    this.proxy.on('proxyReq', (upstream, req) => replaceHeaders(upstream, req));
    this.proxy.on('proxyReqWs', (upstream, _req, socket) => {
      socket.on('error', () => upstream.destroy());
      upstream.on('error', () => socket.destroy());
    });
  }

  /** Passes a plain request on. `passed` is called once, when it is over. */
  web(req: IncomingMessage, res: ServerResponse, target: TrackRoute, passed: Passed): void {
    const problem = refusedBecause(req);
    if (problem !== null) {
      answerText(res, problem.status, problem.message);
      return passed('client_error');
    }
    let over = false;
    const finish = (outcome: Outcome): void => {
      if (over) return;
      over = true;
      passed(outcome);
    };
    let upstream: IncomingMessage | null = null;
    res.once('close', () => {
      if (!res.writableFinished) finish('client_gone');
      upstream?.destroy();
    });
    const onAnswer = (answer: IncomingMessage, request: IncomingMessage): void => {
      if (request !== req) return;
      this.proxy.off('proxyRes', onAnswer);
      upstream = answer;
      relay(answer, res, finish);
    };
    this.proxy.on('proxyRes', onAnswer);
    this.proxy.web(req, res, { target: urlOf(target) }, (error) => {
      this.proxy.off('proxyRes', onAnswer);
      finish(upstream === null ? 'connect_error' : 'cut');
      this.log.debug({ reason: error.message }, 'a passed request failed');
      answerText(res, 502, 'the server cannot be reached');
    });
  }

  /** Passes a WebSocket on. `passed` is called once, when it is over. */
  upgrade(
    req: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    target: TrackRoute,
    passed: () => void,
  ): void {
    socket.on('error', () => socket.destroy());
    socket.once('close', passed);
    if (!isOriginForm(req) || !(socket instanceof Socket)) {
      socket.destroy();
      return;
    }
    this.proxy.ws(req, socket, head, { target: urlOf(target) }, () => {
      if (socket.writable) socket.end('HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\n\r\n');
    });
  }

  close(): void {
    this.proxy.close();
    this.agent.destroy();
  }
}

function urlOf({ host, port }: TrackRoute): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function isOriginForm({ url }: IncomingMessage): boolean {
  return url?.startsWith('/') === true && !url.startsWith('//');
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
function replaceHeaders(upstream: ClientRequest, req: IncomingMessage): void {
  if (upstream.headersSent) return;
  const kept = forwardedHeaders(req);
  const names = new Set(kept.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()));
  for (const name of upstream.getHeaderNames()) {
    const isFraming = name === 'content-length' || name === 'transfer-encoding';
    if (!names.has(name) && !isFraming && name !== 'host' && name !== 'connection')
      upstream.removeHeader(name);
  }
  for (let i = 0; i < kept.length; i += 2) {
    const name = kept[i] ?? '';
    if (name.startsWith('x-forwarded-')) upstream.setHeader(name, kept[i + 1] ?? '');
  }
}

function relay(answer: IncomingMessage, res: ServerResponse, finish: Passed): void {
  const status = answer.statusCode ?? 502;
  const head = { status, statusMessage: answer.statusMessage ?? '', headers: answer.headers };
  writeHeadSafely(res, head, answerHeaders(answer.headers, NO_HEADERS));
  if (answer.headers['content-length'] === undefined) res.flushHeaders();
  answer.on('error', () => res.destroy());
  answer.once('close', () => {
    if (answer.complete) return;
    finish('cut');
    res.destroy();
  });
  answer.pipe(res);
  res.once('finish', () => {
    if (status >= 500) finish('http_error');
    else finish(status >= 400 ? 'client_error' : 'ok');
  });
}
