/**
 * A service's door to the outside: an HTTP server with limits, bound again and again until it holds
 * its port.
 */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { NOT_BOUND_YET } from '../common/protocol.js';
import type { Logger } from '../common/log.js';
import type { HostPort } from '../config/types.js';
import type { Doors } from './doors.js';

const HEADERS_TIMEOUT_MS = 10_000;
const CHECK_INTERVAL_MS = 2_000;
/** Longer than what clients and load balancers in front keep connections. */
const KEEP_ALIVE_MS = 75_000;
const MAX_HEADER_BYTES = 32 * 1024;
const MAX_CONNECTIONS = 20_000;
const REBIND_MS = 250;
const CLOSED = 'closed';

/** What a client's connection may take. */
export interface ConnectionLimits {
  /** How long a request's headers may take. */
  readonly headersTimeoutMs: number;
  /** How often that is looked at. */
  readonly checkIntervalMs: number;
  /** How long a connection is kept that no request comes on. */
  readonly keepAliveMs: number;
}

const CONNECTION_LIMITS: ConnectionLimits = {
  headersTimeoutMs: HEADERS_TIMEOUT_MS,
  checkIntervalMs: CHECK_INTERVAL_MS,
  keepAliveMs: KEEP_ALIVE_MS,
};

export interface ListenerHandlers {
  readonly onRequest: RequestListener;
  readonly onUpgrade: (req: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

export class Listener {
  private readonly server: Server;
  /** Sockets that node:http has let go of, and waits for all the same. */
  private readonly upgraded = new Set<Duplex>();
  /** Connections whose headers are late, until what has arrived meanwhile is read. */
  private readonly late = new Set<Duplex>();
  /** Answers that are not over. */
  private readonly answers = new Set<ServerResponse>();
  /** Connections that have had no request yet: one may be on its way. */
  private readonly fresh = new Set<Socket>();
  private retry: NodeJS.Timeout | null = null;
  private isLoose = false;
  private isShut = false;
  private error: string | null = NOT_BOUND_YET;

  readonly address: HostPort;
  private readonly log: Logger;
  private readonly limits: ConnectionLimits;

  constructor(
    address: HostPort,
    { onRequest, onUpgrade }: ListenerHandlers,
    log: Logger,
    limits = CONNECTION_LIMITS,
  ) {
    this.address = address;
    this.log = log;
    this.limits = limits;
    const { headersTimeoutMs, checkIntervalMs, keepAliveMs } = limits;
    this.server = createServer(
      {
        headersTimeout: headersTimeoutMs,
        // Bodies have limits of their own (slow-bodies.ts): a large upload may take its time.
        requestTimeout: 0,
        keepAliveTimeout: keepAliveMs,
        connectionsCheckingInterval: checkIntervalMs,
        maxHeaderSize: MAX_HEADER_BYTES,
        noDelay: true,
      },
      (req, res) => {
        this.track(res);
        onRequest(req, res);
      },
    );
    this.server.maxConnections = MAX_CONNECTIONS;
    this.server.on('connection', (socket) => {
      this.fresh.add(socket);
      socket.once('close', () => this.fresh.delete(socket));
    });
    this.server.on('upgrade', (req, socket, head) => {
      this.used(req.socket);
      this.upgraded.add(socket);
      socket.once('close', () => this.upgraded.delete(socket));
      onUpgrade(req, socket, head);
    });
    this.server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') this.onLate(error, socket);
      else refuseBytes(error, socket);
    });
  }

  get isListening(): boolean {
    return this.error === null;
  }

  /** Why the port is not held, null when it is. */
  get listenError(): string | null {
    return this.error;
  }

  /** Resolves after the first try to bind; later tries go on in the background. Never rejects. */
  async open(doors: Doors): Promise<void> {
    const { host, port } = this.address;
    const problem = await this.listen(doors);
    if (problem === null) {
      this.server.on('error', (error) => this.log.error({ reason: error.message }, 'listener'));
      this.error = null;
      this.log.info({ host, port }, 'listening');
      return;
    }
    if (this.error !== problem)
      this.log.error({ host, port, reason: problem }, 'cannot listen, trying again');
    this.error = problem;
    if (!this.isShut) this.retry = setTimeout(() => void this.open(doors), REBIND_MS);
  }

  /** How many answers are not over. */
  get answering(): number {
    return this.answers.size;
  }

  /** How many connections have had no request yet. */
  get freshConnections(): number {
    return this.fresh.size;
  }

  /** From now on each answer asks its client to close the connection. */
  loosen(): void {
    this.isLoose = true;
    for (const res of this.answers) res.shouldKeepAlive = false;
  }

  /** Takes no new connections. */
  shut(): void {
    this.isShut = true;
    if (this.retry !== null) clearTimeout(this.retry);
    this.error = CLOSED;
    this.server.close();
  }

  /** Ends every connection that is left. */
  closeConnections(): void {
    this.server.closeAllConnections();
    for (const socket of this.upgraded) socket.destroy();
  }

  /** One try; gives why it failed, null when the port is held. */
  private async listen(doors: Doors): Promise<string | null> {
    const bound = await doors.bind(this.address);
    if (bound.kind === 'refused') return bound.reason;
    if (this.isShut) return CLOSED;
    return new Promise((resolve) => {
      const onError = (error: Error): void => {
        this.server.off('listening', onListening);
        resolve(error.message);
      };
      const onListening = (): void => {
        this.server.off('error', onError);
        resolve(null);
      };
      this.server.once('error', onError);
      this.server.once('listening', onListening);
      this.server.listen(bound.on);
    });
  }

  /**
   * A process that had no turn for long sees the time run out before it sees the headers that came
   * in meanwhile: they are read first.
   */
  private onLate(error: NodeJS.ErrnoException, socket: Duplex): void {
    this.late.add(socket);
    setImmediate(() => {
      if (!this.late.delete(socket)) return;
      if (socket instanceof Socket && socket.bytesRead === 0) this.keep(socket);
      else refuseBytes(error, socket);
    });
  }

  /**
   * Node counts a connection's first headers from its beginning, but clients keep connections in stock
   * that they have never used: a 408 would be read as the answer to the request that is just sent.
   * Without a timeout handler node:http closes it without a word.
   */
  private keep(socket: Socket): void {
    const { keepAliveMs, headersTimeoutMs } = this.limits;
    socket.setTimeout(keepAliveMs - headersTimeoutMs);
  }

  /** A request has come on it. */
  private used(socket: Socket): void {
    this.late.delete(socket);
    if (this.fresh.delete(socket)) socket.setTimeout(0);
  }

  private track(res: ServerResponse): void {
    if (res.socket !== null) this.used(res.socket);
    this.answers.add(res);
    res.once('close', () => this.answers.delete(res));
    if (this.isLoose) res.shouldKeepAlive = false;
  }
}

/** What could not be read as a request is answered with the reason, and the connection closed. */
function refuseBytes(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status = REFUSED_BYTES.get(error.code ?? '') ?? '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

const REFUSED_BYTES = new Map([
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout'],
]);
