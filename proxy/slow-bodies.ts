/**
 * Finds the requests whose bodies come too slowly. One look now and then at all that are still
 * coming costs each less than a timer of its own.
 */
import type { IncomingMessage } from 'node:http';

const MAX_LOOK_MS = 1_000;

interface Coming {
  readonly req: IncomingMessage;
  sinceMs: number;
  /** Bytes seen on the connection; null where progress does not count. */
  bytes: number | null;
  onSlow(): void;
}

export class SlowBodies {
  private readonly coming = new Set<Coming>();
  private readonly limitMs: number;
  private timer: NodeJS.Timeout | null = null;

  constructor(limitMs: number) {
    this.limitMs = limitMs;
  }

  open(): void {
    this.timer = setInterval(() => this.look(), Math.min(MAX_LOOK_MS, this.limitMs / 4));
  }

  close(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }

  /** The whole body must come within the limit. The result says that it has, or never will. */
  watchAll(req: IncomingMessage, onSlow: () => void): () => void {
    return this.watch({ req, sinceMs: performance.now(), bytes: null, onSlow });
  }

  /** The body may take its time, but must not stand still for as long. Ends with the request. */
  watchProgress(req: IncomingMessage, onSlow: () => void): void {
    const { bytesRead } = req.socket;
    const done = this.watch({ req, sinceMs: performance.now(), bytes: bytesRead, onSlow });
    req.once('close', done);
  }

  private watch(coming: Coming): () => void {
    this.coming.add(coming);
    return () => this.coming.delete(coming);
  }

  private look(): void {
    const now = performance.now();
    for (const one of this.coming) {
      const { bytesRead } = one.req.socket;
      if (one.bytes !== null && one.bytes !== bytesRead) {
        one.bytes = bytesRead;
        one.sinceMs = now;
      } else if (now - one.sinceMs > this.limitMs) {
        this.coming.delete(one);
        one.onSlow();
      }
    }
  }
}
