/** The instances of one service: the route, a connection pool per endpoint, and what each carries. */
import { TRACKS, type Route, type Track, type TrackState } from '../common/protocol.js';
import type { LiveCall } from './live-call.js';
import { mayStay, openTracks } from './route.js';
import type { Weighted } from './split.js';
import { Upstream } from './upstream.js';

const STABLE_PATIENCE_MS = 1_000;

/** What a track carries and has carried. */
export class TrackMeter {
  sessions = 0;
  sessionsOpened = 0;
  calls = 0;
  errors = 0;
  placedCalls = 0;
  /** Requests sent and not yet answered. */
  readonly live = new Set<LiveCall>();
  /** Open server-to-client streams. */
  readonly open = new Set<Stoppable>();

  get state(): TrackState {
    const { sessions, sessionsOpened, calls, errors, placedCalls, live, open } = this;
    const carried = { sessions, inFlight: live.size, streams: open.size };
    return { ...carried, sessionsOpened, calls, errors, placedCalls };
  }
}

/** A stream, as those see it who may have to end it. */
export type Stoppable = Pick<LiveCall, 'stop'>;

export class Tracks {
  private readonly meters: Record<Track, TrackMeter> = {
    stable: new TrackMeter(),
    canary: new TrackMeter(),
    baseline: new TrackMeter(),
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
      upstream.close();
    }
  }

  /** The instance behind a track, null when it is not routed. */
  upstream(track: Track): Upstream | null {
    const target = this.current.tracks[track];
    const key = endpoint(this.current, track);
    if (target === undefined || key === null) return null;
    const known = this.upstreams.get(key);
    if (known !== undefined) return known;
    const made = new Upstream(target.host, target.port, track);
    this.upstreams.set(key, made);
    return made;
  }

  /** Streams on tracks that they may not stay on go where their clients are now. */
  moveStreams(): void {
    for (const track of TRACKS) {
      if (this.mayStay(track)) continue;
      for (const stream of [...this.meters[track].open]) stream.stop('moved');
    }
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
  destroy(): void {
    for (const upstream of this.upstreams.values()) upstream.destroy();
  }
}

function endpoint(route: Route, track: Track): string | null {
  const target = route.tracks[track];
  return target === undefined ? null : `${track} ${target.host} ${target.port}`;
}
