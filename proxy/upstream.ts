/** One instance's endpoint: its kept connections, and a new one whenever none of them is free. */
import type { Track } from '../common/protocol.js';
import { formatAddress } from '../config/units.js';
import { Connection } from './http1/connection.js';
import { Exchange, type ExchangeEvents } from './http1/exchange.js';
import { requestHead, type OwnLines, type RequestHead } from './http1/request-head.js';
import { TRACK_HEADER } from './headers.js';

/** Shorter than the 5 s after which common servers close idle connections. */
const KEEP_ALIVE_MS = 4_000;
const MAX_KEEP_ALIVE_MS = 60_000;
/** Ours end this much earlier than a server says that it closes: a request could cross the close. */
const KEEP_ALIVE_MARGIN_MS = 1_000;
const MAX_IDLE = 256;
/** Ours may live this much longer: with it they still end before the servers' own. */
const SWEEP_MS = 250;
const READ_BYTES = 64 * 1_024;

export interface UpstreamRequest extends RequestHead {
  readonly body: Buffer | null;
}

export class Upstream {
  readonly host: string;
  readonly port: number;
  private readonly ownLines: OwnLines;
  private readonly readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);
  private readonly all = new Set<Connection>();
  /** The last one was used last. */
  private readonly idle: Connection[] = [];
  private sweeper: NodeJS.Timeout | null = null;
  private isClosing = false;
  private isDestroyed = false;

  /** Every request tells the instance on which track it is. */
  constructor(host: string, port: number, track: Track) {
    this.host = host;
    this.port = port;
    this.ownLines = {
      host: `host: ${formatAddress({ host, port })}\r\n`,
      always: `${TRACK_HEADER}: ${track}\r\n`,
    };
  }

  /**
   * Sends a request; the events tell what becomes of it, before `send` returns only what cannot be
   * sent at all. Never throws.
   */
  send(request: UpstreamRequest, events: ExchangeEvents): Exchange {
    const exchange = new Exchange(events);
    const { body } = request;
    const head = requestHead(request, this.ownLines, body?.length ?? null);
    if (head === null) exchange.lost({ kind: 'invalid', reason: 'not a valid request' });
    else if (this.isDestroyed) exchange.lost({ kind: 'unreachable', reason: 'closed' });
    else (this.takeIdle() ?? this.open()).send(exchange, head, body);
    return exchange;
  }

  /** Keeps no connection any more once the requests on it have finished. */
  close(): void {
    this.isClosing = true;
    for (const connection of [...this.idle]) connection.destroy();
  }

  /** Closes everything at once. */
  destroy(): void {
    this.isDestroyed = true;
    for (const connection of [...this.all]) connection.destroy();
  }

  private open(): Connection {
    const connection = new Connection({
      host: this.host,
      port: this.port,
      readBuffer: this.readBuffer,
      onIdle: (idle) => this.keep(idle),
      onClosed: (closed) => this.forget(closed),
    });
    this.all.add(connection);
    return connection;
  }

  private takeIdle(): Connection | null {
    const now = performance.now();
    for (let last = this.idle.pop(); last !== undefined; last = this.idle.pop()) {
      if (last.isUsable && last.expiresAt > now) return last;
      last.destroy();
    }
    return null;
  }

  private keep(connection: Connection): void {
    const saidMs = connection.keepAliveMs;
    const keptMs =
      saidMs === Infinity
        ? KEEP_ALIVE_MS
        : Math.min(saidMs - KEEP_ALIVE_MARGIN_MS, MAX_KEEP_ALIVE_MS);
    if (this.isClosing || keptMs <= 0 || this.idle.length >= MAX_IDLE) {
      connection.destroy();
      return;
    }
    connection.expiresAt = performance.now() + keptMs;
    this.idle.push(connection);
    this.sweeper ??= setInterval(() => this.sweep(), SWEEP_MS).unref();
  }

  private sweep(): void {
    const now = performance.now();
    for (const connection of [...this.idle]) if (connection.expiresAt <= now) connection.destroy();
  }

  private forget(connection: Connection): void {
    this.all.delete(connection);
    const at = this.idle.indexOf(connection);
    if (at !== -1) this.idle.splice(at, 1);
    if (this.idle.length > 0 || this.sweeper === null) return;
    clearInterval(this.sweeper);
    this.sweeper = null;
  }
}
