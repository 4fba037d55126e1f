/**
 * What instances gave to clients without a session, to be brought back (2026-07-28): task ids, and
 * the state of a request that needs more input. Only the instance that gave a handle may know it, so
 * whoever brings it goes there, even while that track is being emptied.
 *
 * Bounded: the handle unused for longest is forgotten first, any after a day.
 */
import { createHash } from 'node:crypto';
import type { Track } from '../common/protocol.js';
import { LruMap } from './lru-map.js';
import type { Message } from './mcp/message-scanner.js';
import type { Tracks } from './tracks.js';
import type { Upstream } from './upstream.js';

const MAX_IDLE_MS = 24 * 3_600_000;

interface Giver {
  readonly track: Track;
  /** Not the track's any more when another release stands there. */
  readonly upstream: Upstream;
  readonly usedAtMs: number;
}

export class Handles {
  private readonly givers = new LruMap<Giver>();
  private readonly tracks: Tracks;
  private readonly now: () => number;

  constructor(tracks: Tracks, now: () => number) {
    this.tracks = tracks;
    this.now = now;
  }

  /** An instance answered `client` with the message, which may hold a handle. */
  given(message: Message, client: string, { track, upstream }: Omit<Giver, 'usedAtMs'>): void {
    const key = keyOf(message, client);
    if (key !== null) this.givers.set(key, { track, upstream, usedAtMs: this.now() });
  }

  /** The track that the messages of `client` must go to, null when any will do. */
  trackFor(messages: readonly Message[], client: string): Track | null {
    for (const message of messages) {
      const key = keyOf(message, client);
      const giver = key === null ? undefined : this.givers.get(key);
      if (key === null || giver === undefined || !this.isThere(giver)) continue;
      this.givers.set(key, { ...giver, usedAtMs: this.now() });
      return giver.track;
    }
    return null;
  }

  private isThere({ track, upstream, usedAtMs }: Giver): boolean {
    return this.now() - usedAtMs <= MAX_IDLE_MS && this.tracks.upstream(track) === upstream;
  }
}

/** A task belongs to whoever knows its id; a state may be a mere "page 2", and is its client's. */
function keyOf({ taskId, requestState }: Message, client: string): string | null {
  if (taskId !== null) return hashOf('task', taskId);
  return requestState === null ? null : hashOf('state', client, requestState);
}

function hashOf(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22);
}
