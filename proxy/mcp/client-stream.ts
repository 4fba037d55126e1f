/**
 * What a legacy SSE client (2024-11-05) reads: its endpoint, then its instances' events and ours.
 *
 * 1. Nothing goes before the endpoint.
 * 2. Events are never mixed: while a large one comes in pieces, all others wait until it is whole.
 */
import type { ServerResponse } from 'node:http';
import { sseEvent } from './sse-event.js';

/** Where bytes come from: one connection to an instance. */
export interface Source {
  /** Part of an event has been handed on, and its rest has not come. */
  readonly isMidEvent: boolean;
  resume(): void;
}

/** How soon a client that loses its stream is to come back; SDKs' clients take 3 s by themselves. */
const RETRY_MS = 500;
const EVENT_END = Buffer.from('\n\n');

export class ClientStream {
  private readonly res: ServerResponse;
  private readonly endpoint: string;
  private readonly sessionId: string;
  /** Whose event is half said. */
  private talking: Source | null = null;
  /** What waits until that event is whole; null: events of ours. */
  private delayed: { readonly from: Source | null; readonly bytes: Buffer }[] = [];
  /** Who is to go on when the client has read what there is. */
  private readonly paused = new Set<Source>();

  constructor(
    res: ServerResponse,
    { endpoint, sessionId }: { readonly endpoint: string; readonly sessionId: string },
  ) {
    this.res = res;
    this.endpoint = endpoint;
    this.sessionId = sessionId;
  }

  /** Names the endpoint, unless that has been done. */
  begin(): void {
    if (this.res.headersSent) return;
    this.res.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
    });
    const event = sseEvent(this.endpoint, 'endpoint', this.sessionId);
    this.res.write(`retry: ${RETRY_MS}\n${event}`);
  }

  /** Bytes of an instance; false when it must wait, it is resumed then. */
  write(from: Source, bytes: Buffer): boolean {
    if (this.mustWait(from, bytes)) return false;
    this.begin();
    const keepsUp = this.res.write(bytes);
    if (!keepsUp) this.pause(from);
    this.talking = from.isMidEvent ? from : null;
    if (this.talking === null) this.writeDelayed();
    return keepsUp;
  }

  /** A whole event of ours. */
  say(event: string): void {
    const bytes = Buffer.from(event);
    if (this.mustWait(null, bytes)) return;
    this.begin();
    this.res.write(bytes);
  }

  /** Nothing more comes from there: an event that was cut in the middle ends. */
  gone(from: Source): void {
    this.paused.delete(from);
    if (this.talking === from) {
      this.res.write(EVENT_END);
      this.talking = null;
      this.writeDelayed();
    } else if (this.delayed.some((one) => one.from === from)) {
      this.delayed.push({ from: null, bytes: EVENT_END });
    }
  }

  private mustWait(from: Source | null, bytes: Buffer): boolean {
    if (this.talking === null || this.talking === from) return false;
    this.delayed.push({ from, bytes });
    return true;
  }

  private pause(from: Source): void {
    if (this.paused.size === 0) this.res.once('drain', () => this.resumeAll());
    this.paused.add(from);
  }

  private resumeAll(): void {
    const sources = [...this.paused];
    this.paused.clear();
    for (const source of sources) source.resume();
  }

  private writeDelayed(): void {
    for (const { from, bytes } of this.delayed.splice(0)) {
      if (from === null) this.say(bytes.toString('utf8'));
      else if (this.write(from, bytes)) from.resume();
    }
  }
}
