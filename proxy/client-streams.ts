/** The streams that clients of one service hold open: they last, while other answers are waited for. */
import type { ServerResponse } from 'node:http';

export class ClientStreams {
  private readonly open = new Set<ServerResponse>();

  /** The answer is such a stream, until it is closed. */
  add(res: ServerResponse): void {
    if (res.destroyed) return;
    this.open.add(res);
    res.once('close', () => this.open.delete(res));
  }

  get size(): number {
    return this.open.size;
  }

  /** Ends each as a server does: clients take that for a reason to come back, and not for a fault. */
  endAll(): void {
    for (const res of this.open) {
      if (res.headersSent) res.end();
      else res.destroy();
    }
  }
}
