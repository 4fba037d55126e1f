/** The instances of one service: the route, a connection pool per endpoint, and what each carries. */
import { TRACKS, type Route, type Track } from '../common/protocol.js';
import { mayStay, openTracks } from './route.js';
import type { Weighted } from './split.js';
import { Upstream } from './upstream.js';

const STABLE_PATIENCE_MS = 1_000;

/** What a track carries and has carried (common/protocol.ts, TrackState). */
export interface TrackMeter {
  sessions: number;
  inFlight: number;
  streams: number;
  sessionsOpened: number;
  calls: number;
  errors: number;
}

function newMeter(): TrackMeter {
  return { sessions: 0, inFlight: 0, streams: 0, sessionsOpened: 0, calls: 0, errors: 0 };
}

export class Tracks {
  private readonly meters: Record<Track, TrackMeter> = {
    stable: newMeter(),
    canary: newMeter(),
    baseline: newMeter(),
  };
  private readonly upstreams = new Map<string, Upstream>();

  private current: Route;

  constructor(current: Route) {
    this.current = current;
  }

  get route(): Route {
    return this.current;
  }

  /** Takes a new route; endpoints that nobody routes to any more close when they have finished. */
  setRoute(route: Route): void {
    this.current = route;
    const used = new Set(TRACKS.map((track) => endpoint(route, track)));
    for (const [key, upstream] of this.upstreams) {
      if (used.has(key)) continue;
      this.upstreams.delete(key);
      void upstream.close();
    }
  }

  /** The instance behind a track, null when it is not routed. */
  upstream(track: Track): Upstream | null {
    const target = this.current.tracks[track];
    const key = endpoint(this.current, track);
    if (target === undefined || key === null) return null;
    const known = this.upstreams.get(key);
    if (known !== undefined) return known;
    const made = new Upstream(target.host, target.port);
    this.upstreams.set(key, made);
    return made;
  }

  meter(track: Track): TrackMeter {
    return this.meters[track];
  }

  open(): Weighted<Track>[] {
    return openTracks(this.current);
  }

  mayStay(track: Track): boolean {
    return mayStay(this.current, track);
  }

  /** Another track that takes new sessions, the one with most weight; null when there is none. */
  private alternative(track: Track): Track | null {
    const others = this.open().filter(({ item }) => item !== track);
    others.sort((a, b) => b.weight - a.weight);
    return others[0]?.item ?? null;
  }

  /**
   * Where to go when `track` cannot be reached, null to try it again: stable is given a moment to
   * come back from a restart before its traffic goes to a release under test.
   */
  failover(track: Track, waitedMs: number): Track | null {
    if (track === 'stable' && waitedMs < STABLE_PATIENCE_MS) return null;
    return this.alternative(track);
  }

  /** Closes every connection at once. */
  async destroy(): Promise<void> {
    await Promise.all([...this.upstreams.values()].map((upstream) => upstream.destroy()));
  }
}

function endpoint(route: Route, track: Track): string | null {
  const target = route.tracks[track];
  return target === undefined ? null : `${target.host} ${target.port}`;
}
