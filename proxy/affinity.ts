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

export class Affinity {
  private readonly tracks = new Map<string, Track>();

  private readonly capacity: number;

  constructor(capacity = MAX_CLIENTS) {
    this.capacity = capacity;
  }

  get(key: string): Track | undefined {
    const track = this.tracks.get(key);
    if (track !== undefined) {
      this.tracks.delete(key);
      this.tracks.set(key, track);
    }
    return track;
  }

  set(key: string, track: Track): void {
    this.tracks.delete(key);
    this.tracks.set(key, track);
    if (this.tracks.size > this.capacity) {
      for (const oldest of this.tracks.keys()) {
        this.tracks.delete(oldest);
        break;
      }
    }
  }
}
