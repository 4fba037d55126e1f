/**
 * A connection to an instance, with one request on it at a time.
 *
 * 1. A request is written once the connection stands, head and small body in one write: so one that
 *    is lost earlier never left this process.
 * 2. The connection is used again only after a whole answer to a whole request, with nothing behind.
 * 3. All connections of a pool read into one buffer: what is read is used or copied before the next
 *    read, so an idle connection holds no memory for what may come.
 */
import { connect, type Socket } from 'node:net';
import type { Exchange } from './exchange.js';
import { ResponseParser } from './response-parser.js';

const CONNECT_TIMEOUT_MS = 3_000;
const TCP_KEEP_ALIVE_MS = 60_000;
/** Larger bodies are not worth copying behind their head. */
const MAX_ONE_WRITE_BYTES = 16 * 1_024;

export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly readBuffer: Buffer;
  /** It can take another request. */
  onIdle(connection: Connection): void;
  onClosed(connection: Connection): void;
}

interface Message {
  readonly head: string;
  readonly body: Buffer | null;
}

export class Connection {
  private readonly options: ConnectionOptions;
  private readonly socket: Socket;
  private readonly parser = new ResponseParser();
  private exchange: Exchange | null = null;
  /** Waits for the connection to stand. */
  private waiting: Message | null = null;
  private isOpen = false;
  private isPaused = false;
  private reason = 'closed';
  /** When it must not be used any more, by `performance.now()`: the pool's note. */
  expiresAt = 0;

  constructor(options: ConnectionOptions) {
    this.options = options;
    const { host, port, readBuffer } = options;
    this.socket = connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
      onread: { buffer: readBuffer, callback: (size) => this.take(readBuffer.subarray(0, size)) },
    });
    this.socket.setTimeout(CONNECT_TIMEOUT_MS);
    this.socket.once('connect', () => this.onConnect());
    this.socket.once('timeout', () => this.fail('not connected in time'));
    this.socket.once('end', () => this.onServerClosed());
    this.socket.on('error', (error: NodeJS.ErrnoException) => {
      this.reason = error.code ?? error.name;
    });
    this.socket.once('close', () => this.onClose());
  }

  /** Both sides are open, as far as is known. */
  get isUsable(): boolean {
    return this.socket.writable;
  }

  /** For how long the instance keeps the connection when it is idle, by its own word. */
  get keepAliveMs(): number {
    return this.parser.keepAliveMs;
  }

  /** Sends a request; the connection must be new or idle. */
  send(exchange: Exchange, head: string, body: Buffer | null): void {
    this.exchange = exchange;
    exchange.startOn(this);
    this.parser.reset(exchange);
    if (this.isOpen) this.write(head, body);
    else this.waiting = { head, body };
  }

  /** The answer on it is whole. */
  finished(): void {
    this.exchange = null;
    this.resume();
    const isWholeRequest = this.socket.writableLength === 0;
    if (this.keepAliveMs > 0 && isWholeRequest && this.isUsable) this.options.onIdle(this);
    else this.destroy();
  }

  pause(): void {
    this.isPaused = true;
    this.socket.pause();
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.socket.resume();
  }

  destroy(): void {
    this.socket.destroy();
  }

  private onConnect(): void {
    this.isOpen = true;
    this.socket.setTimeout(0);
    const { waiting } = this;
    this.waiting = null;
    if (waiting !== null) this.write(waiting.head, waiting.body);
  }

  private write(head: string, body: Buffer | null): void {
    const { socket } = this;
    if (body === null) socket.write(head, 'latin1');
    else if (body.length <= MAX_ONE_WRITE_BYTES)
      socket.write(head + body.toString('latin1'), 'latin1');
    else {
      socket.cork();
      socket.write(head, 'latin1');
      socket.write(body);
      socket.uncork();
    }
  }

  private take(bytes: Buffer): boolean {
    const fault = this.parser.push(bytes);
    if (fault !== null) this.fail(fault);
    return true;
  }

  private onServerClosed(): void {
    const fault = this.parser.close();
    this.fail(fault ?? 'closed');
  }

  private fail(reason: string): void {
    this.reason = reason;
    this.destroy();
  }

  private onClose(): void {
    const { exchange, reason } = this;
    this.exchange = null;
    this.options.onClosed(this);
    exchange?.lost({ kind: this.isOpen ? 'cut' : 'unreachable', reason });
  }
}
