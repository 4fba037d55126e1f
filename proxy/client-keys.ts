/**
 * Which track a client without a session keeps: by its credentials, else by its address and user
 * agent. Bounded: the client unseen for longest is forgotten first.
 */
import { createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Track } from '../common/protocol.js';

const MAX_CLIENTS = 20_000;

/** Keys that tell nothing of the credentials they were made from: they are salted. */
export class ClientKeys {
  private readonly salt: Buffer;

  constructor(salt: Buffer) {
    this.salt = salt;
  }

  /** By the credentials, else by address and user agent. */
  of(req: IncomingMessage): string {
    return this.hashed(req.headers.authorization ?? connectionOf(req));
  }

  /** By all of them. */
  exact(req: IncomingMessage): string {
    return this.hashed(`${connectionOf(req)} ${req.headers.authorization ?? ''}`);
  }

  private hashed(identity: string): string {
    return createHmac('sha256', this.salt).update(identity).digest('base64url').slice(0, 16);
  }
}

function connectionOf({ socket, headers }: IncomingMessage): string {
  return `${socket.remoteAddress ?? ''} ${headers['user-agent'] ?? ''}`;
}

export class Affinity<T = Track> {
  private readonly entries = new Map<string, T>();

  private readonly capacity: number;

  constructor(capacity = MAX_CLIENTS) {
    this.capacity = capacity;
  }

  get(key: string): T | undefined {
    const entry = this.entries.get(key);
    if (entry !== undefined) this.set(key, entry);
    return entry;
  }

  set(key: string, entry: T): void {
    this.entries.delete(key);
    this.entries.set(key, entry);
    if (this.entries.size > this.capacity) {
      for (const oldest of this.entries.keys()) {
        this.entries.delete(oldest);
        break;
      }
    }
  }
}
