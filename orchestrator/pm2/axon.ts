/**
 * The daemon's side door: remote calls on its `rpc.sock`, the way PM2's own CLI makes them. A call
 * is the message `[{ type: 'call', method, args }, id]`, its answer `[{ args } | { error }, id]`
 * (axon's req/rep sockets with axon-rpc's envelope, in the frames of `amp.ts`).
 *
 * 1. A connection belongs to one daemon. It is never made again behind the caller's back and nothing
 *    is queued: what was sent when it closes is `down`, so no daemon gets another one's orders.
 * 2. Every call ends: answered, refused, down or timed out.
 * 3. After a time-out the connection is closed. The daemon may still carry the call out.
 */
import { connect, type Socket } from 'node:net';
import { encodeMessage, MessageReader } from './amp.js';

const MAX_ANSWER_BYTES = 64 << 20;

/** What became of a call. Reasons name no environment. */
export type Reply =
  | { readonly kind: 'answered'; readonly value: unknown }
  /** The daemon's own error. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** There is no daemon, or it went away during the call. */
  | { readonly kind: 'down'; readonly reason: string }
  | { readonly kind: 'timeout'; readonly reason: string };

export interface Connection {
  /** Calls a method of the daemon with one argument. Never rejects. */
  call(method: string, argument: unknown, timeoutMs: number): Promise<Reply>;
  close(): void;
}

export type Opened =
  | { readonly kind: 'open'; readonly connection: Connection }
  | { readonly kind: 'down'; readonly reason: string };

/**
 * Connects to a daemon's `rpc.sock`. Never rejects and starts no daemon. A connection to a daemon
 * that hangs succeeds: the kernel accepts it.
 */
export function openConnection(
  socketPath: string,
  maxAnswerBytes = MAX_ANSWER_BYTES,
): Promise<Opened> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once('error', (error) => resolve({ kind: 'down', reason: noDaemon(error, socketPath) }));
    socket.once('connect', () =>
      resolve({ kind: 'open', connection: new RpcConnection(socket, maxAnswerBytes) }),
    );
  });
}

function noDaemon(error: NodeJS.ErrnoException, socketPath: string): string {
  const why = {
    ENOENT: 'there is no such socket',
    ECONNREFUSED: 'nobody answers on it',
    EACCES: 'it belongs to another user',
  }[error.code ?? ''];
  return `no PM2 daemon at ${socketPath}: ${why ?? error.message}`;
}

class RpcConnection implements Connection {
  readonly #socket: Socket;
  readonly #reader: MessageReader;
  readonly #pending = new Map<string, (reply: Reply) => void>();
  #calls = 0;
  #lost: string | null = null;

  constructor(socket: Socket, maxAnswerBytes: number) {
    this.#socket = socket;
    this.#reader = new MessageReader(maxAnswerBytes);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.#end(`the connection to PM2 failed: ${error.message}`));
    socket.on('close', () => this.#end('the PM2 daemon closed the connection'));
  }

  call(method: string, argument: unknown, timeoutMs: number): Promise<Reply> {
    if (this.#lost !== null) return Promise.resolve({ kind: 'down', reason: this.#lost });
    this.#calls += 1;
    const id = `${process.pid}:${this.#calls}`;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        const reason = `PM2 did not answer ${method} within ${timeoutMs} ms`;
        this.#settle(id, { kind: 'timeout', reason });
        this.#end(reason);
      }, timeoutMs);
      this.#pending.set(id, (reply) => {
        clearTimeout(timer);
        resolve(reply);
      });
      this.#socket.write(encodeMessage([{ type: 'call', method, args: [argument] }, id]));
    });
  }

  close(): void {
    this.#end('the connection to PM2 was closed');
  }

  #receive(chunk: Buffer): void {
    try {
      for (const [answer, id] of this.#reader.push(chunk))
        if (typeof id === 'string') this.#settle(id, replyOf(answer));
    } catch (error) {
      this.#end(`PM2 sent ${(error as Error).message}`);
    }
  }

  #settle(id: string, reply: Reply): void {
    this.#pending.get(id)?.(reply);
    this.#pending.delete(id);
  }

  /** The first reason stays. */
  #end(reason: string): void {
    this.#lost ??= reason;
    for (const id of [...this.#pending.keys()])
      this.#settle(id, { kind: 'down', reason: this.#lost });
    this.#socket.destroy();
  }
}

/** Only text is taken over from an error: whatever else PM2 puts there may hold an environment. */
function replyOf(answer: unknown): Reply {
  const body = (answer ?? {}) as { error?: unknown; args?: unknown };
  if (body.error !== undefined) {
    const reason = typeof body.error === 'string' ? body.error : 'an error without a message';
    return { kind: 'refused', reason };
  }
  const value: unknown = Array.isArray(body.args) ? body.args[0] : undefined;
  return { kind: 'answered', value };
}
