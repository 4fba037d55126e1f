/**
 * Which track a client without a session keeps: by its credentials, else by its address and user
 * agent. Bounded: the client unseen for longest is forgotten first.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Track } from '../common/protocol.js';

const MAX_CLIENTS = 20_000;

/** A key that tells nothing of the credentials it was made from: salted, new with every process. */
export class ClientKeys {
  private readonly salt = randomBytes(16);

  of(req: IncomingMessage): string {
    const { authorization } = req.headers;
    const identity =
      authorization ?? `${req.socket.remoteAddress ?? ''} ${req.headers['user-agent'] ?? ''}`;
    return createHmac('sha256', this.salt).update(identity).digest('base64url').slice(0, 16);
  }
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
