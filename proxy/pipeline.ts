/**
 * Requests that a client sends on one connection before the one ahead is answered: each is served
 * when it is its turn, and only so many may wait. Answers have to go out in order (RFC 9112, 9.3.2),
 * and those that wait would not see their client leave.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const MAX_QUEUED = 64;

export class Pipeline {
  private readonly queued = new WeakMap<Socket, number>();

  /** Calls `serve` when the answer can go out, which is at once for the first on its connection. */
  enter(req: IncomingMessage, res: ServerResponse, serve: () => void): void {
    // node:http gives a response its socket when it is its turn.
    if (res.socket !== null) return serve();
    const { socket } = req;
    const queued = (this.queued.get(socket) ?? 0) + 1;
    this.queued.set(socket, queued);
    if (queued > MAX_QUEUED) {
      socket.destroy();
      return;
    }
    res.once('socket', () => {
      this.queued.set(socket, (this.queued.get(socket) ?? 1) - 1);
      process.nextTick(serve);
    });
  }
}
