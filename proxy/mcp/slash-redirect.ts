/**
 * Sends a request where the instance wants it: frameworks that serve `/mcp/` answer `/mcp` with a
 * redirect, and the other way round (Starlette's `redirect_slashes`). Such a request was not executed,
 * and a client need not know.
 */
import type { Exchange, ExchangeEvents, Loss } from '../http1/exchange.js';
import type { ResponseHead } from '../http1/response-head.js';
import { headerOf } from '../headers.js';
import type { Upstream, UpstreamRequest } from '../upstream.js';

/** A request under way, wherever it goes. */
export type Sending = Pick<Exchange, 'abort' | 'pause' | 'resume'>;

/** Sends a request, and follows one redirect to its path with, or without, the slash at its end. Never throws. */
export function sendFollowing(
  upstream: Upstream,
  request: UpstreamRequest,
  events: ExchangeEvents,
): Sending {
  const following = new Following(upstream, request, events);
  following.start();
  return following;
}

class Following implements Sending, ExchangeEvents {
  private readonly upstream: Upstream;
  private readonly request: UpstreamRequest;
  private readonly events: ExchangeEvents;
  private exchange: Exchange | null = null;
  private isAborted = false;
  /** Where the answer that comes in sends us. */
  private target: string | null = null;
  private hasFollowed = false;

  constructor(upstream: Upstream, request: UpstreamRequest, events: ExchangeEvents) {
    this.upstream = upstream;
    this.request = request;
    this.events = events;
  }

  start(path = this.request.path): void {
    this.exchange = this.upstream.send({ ...this.request, path }, this);
  }

  abort(): void {
    this.isAborted = true;
    this.exchange?.abort();
  }

  pause(): void {
    this.exchange?.pause();
  }

  resume(): void {
    this.exchange?.resume();
  }

  onHead(head: ResponseHead): void {
    if (!this.hasFollowed) this.target = slashRedirect(head, this.request.path);
    if (this.target === null) this.events.onHead(head);
  }

  onData(chunk: Buffer): void {
    if (this.target === null) this.events.onData(chunk);
  }

  onEnd(): void {
    const { target } = this;
    if (target === null) return this.events.onEnd();
    this.target = null;
    this.hasFollowed = true;
    if (!this.isAborted) this.start(target);
  }

  onLost(loss: Loss): void {
    this.events.onLost(loss);
  }
}

/** The path that a redirect leads to, when it is `path` but for the slash at its end; else null. */
function slashRedirect({ status, headers }: ResponseHead, path: string): string | null {
  if (status !== 307 && status !== 308) return null;
  const location = headerOf(headers, 'location') ?? '';
  const base = 'http://instance';
  if (!URL.canParse(location, base)) return null;
  const { pathname, search } = new URL(location, base);
  const [own = '', query] = path.split('?', 2);
  const other = withOtherEnd(own);
  const wanted = query === undefined ? other : `${other}?${query}`;
  return pathname + search === wanted ? wanted : null;
}

/** The path with a slash at its end, or without, if it has one. */
export function withOtherEnd(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : `${path}/`;
}
