/**
 * One instance's endpoint: pooled connections over undici's dispatch, and what became of a request
 * as data.
 *
 * 1. After `abort` no event follows.
 * 2. `onLost` tells whether the request can have been executed: only a `cut` one can.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { Pool, type Dispatcher } from 'undici';

const CONNECT_TIMEOUT_MS = 3_000;
/** Shorter than the 5 s after which common servers close idle connections. */
const KEEP_ALIVE_MS = 4_000;
const KEEP_ALIVE_MAX_MS = 60_000;
const MAX_ANSWER_HEADER_BYTES = 64 * 1024;

export interface UpstreamRequest {
  readonly method: string;
  readonly path: string;
  /** Flat list of names and values. */
  readonly headers: string[];
  readonly body: Buffer | Readable | null;
}

export interface AnswerHead {
  readonly status: number;
  readonly statusMessage: string;
  readonly headers: IncomingHttpHeaders;
}

/**
 * How a request was lost: `unreachable` never left this process, `cut` may have been executed,
 * `invalid` cannot be sent at all.
 */
export interface Loss {
  readonly kind: 'unreachable' | 'cut' | 'invalid';
  readonly reason: string;
}

export interface UpstreamEvents {
  onHead(head: AnswerHead): void;
  onData(chunk: Buffer): void;
  onEnd(): void;
  onLost(loss: Loss): void;
}

class Aborted extends Error {}

/** One request under way. */
export class Exchange implements Dispatcher.DispatchHandler {
  private controller: Dispatcher.DispatchController | null = null;
  private over = false;

  private readonly events: UpstreamEvents;

  constructor(events: UpstreamEvents) {
    this.events = events;
  }

  /** Closes the upstream connection at once, unless the exchange is over. */
  abort(): void {
    if (this.over) return;
    this.over = true;
    this.controller?.abort(new Aborted('aborted'));
  }

  pause(): void {
    if (!this.over) this.controller?.pause();
  }

  resume(): void {
    if (!this.over) this.controller?.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.over) controller.abort(new Aborted('aborted'));
  }

  onRequestUpgrade(controller: Dispatcher.DispatchController): void {
    controller.abort(new Aborted('an upgrade that nobody asked for'));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    statusMessage?: string,
  ): void {
    if (this.over || status < 200) return;
    this.events.onHead({ status, headers, statusMessage: statusMessage ?? '' });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.over) this.events.onData(chunk);
  }

  onResponseEnd(): void {
    if (this.over) return;
    this.over = true;
    this.events.onEnd();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.over) return;
    this.over = true;
    const code = (error as NodeJS.ErrnoException).code ?? error.name;
    this.events.onLost({ kind: this.lossKind(code), reason: code });
  }

  private lossKind(code: string): Loss['kind'] {
    if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') return 'invalid';
    return this.controller === null ? 'unreachable' : 'cut';
  }
}

export class Upstream {
  private readonly pool: Pool;

  readonly host: string;
  readonly port: number;

  constructor(host: string, port: number) {
    this.host = host;
    this.port = port;
    const name = host.includes(':') ? `[${host}]` : host;
    this.pool = new Pool(`http://${name}:${port}`, {
      connect: { timeout: CONNECT_TIMEOUT_MS },
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MAX_MS,
      maxHeaderSize: MAX_ANSWER_HEADER_BYTES,
    });
  }

  /** Sends a request; the events tell what becomes of it. Never throws. */
  send(request: UpstreamRequest, events: UpstreamEvents): Exchange {
    const exchange = new Exchange(events);
    this.pool.dispatch(
      {
        method: request.method,
        path: request.path,
        headers: request.headers,
        body: request.body,
      },
      exchange,
    );
    return exchange;
  }

  /** Lets requests under way finish, then closes the connections. */
  async close(): Promise<void> {
    await this.pool.close();
  }

  /** Closes everything at once. */
  async destroy(): Promise<void> {
    await this.pool.destroy();
  }
}
