/** Clients without a session: each keeps its track, by its credentials or its address. */
import type { IncomingMessage } from 'node:http';
import type { Track } from '../common/protocol.js';
import type { ClientKeys } from './client-keys.js';
import { Handles } from './handles.js';
import type { LiveCall } from './live-call.js';
import { LruMap } from './lru-map.js';
import type { Message } from './mcp/message-scanner.js';
import type { Acquired, Binding, Pin } from './pin.js';
import { placedLabel, type Placement } from './placement.js';
import { Split } from './split.js';
import type { Tracks } from './tracks.js';

/** Versions counted: an outsider chooses the names. */
const MAX_VERSIONS = 16;

export class Clients {
  readonly handles: Handles;
  private readonly keys: ClientKeys;
  /** The track that a client keeps, by its key. */
  private readonly kept = new LruMap<Track>();
  private readonly versions = new Map<string, number>();
  private readonly split = new Split<Track>();

  private readonly tracks: Tracks;
  private readonly placement: Placement;

  /** `now` in milliseconds, of any clock. */
  constructor(tracks: Tracks, keys: ClientKeys, placement: Placement, now: () => number) {
    this.tracks = tracks;
    this.keys = keys;
    this.placement = placement;
    this.handles = new Handles(tracks, now);
  }

  /** The pin of the client that sent the messages, or of the instance that these are for. */
  pinOf(req: IncomingMessage, messages: readonly Message[] = []): ClientPin {
    const key = this.keys.of(req);
    const owner = this.handles.trackFor(messages, key);
    const placed = this.placement.of(req, null);
    return new ClientPin(key, { owner, placed }, this.tracks, this);
  }

  /** A client without a session speaks that version. */
  noteVersion(version: string): void {
    if (this.versions.size >= MAX_VERSIONS && !this.versions.has(version)) return;
    this.versions.set(version, (this.versions.get(version) ?? 0) + 1);
  }

  /** Requests by version. */
  get versionCounts(): Record<string, number> {
    return Object.fromEntries(this.versions);
  }

  trackOf(key: string): Track {
    const known = this.kept.get(key);
    if (known !== undefined && this.tracks.mayStay(known)) return known;
    const track = this.split.pick(this.tracks.open()) ?? 'stable';
    this.kept.set(key, track);
    return track;
  }

  /** Gives the client another track. */
  move(key: string, track: Track): void {
    this.kept.set(key, track);
  }
}

export class ClientPin implements Pin {
  readonly clientId = null;

  readonly label: string;
  private readonly key: string;
  /** The track of the instance that gave out what the request brings back. */
  private ownerTrack: Track | null;
  private placedTrack: Track | null;
  private readonly tracks: Tracks;
  private readonly clients: Clients;

  constructor(
    key: string,
    { owner, placed }: { readonly owner: Track | null; readonly placed: Track | null },
    tracks: Tracks,
    clients: Clients,
  ) {
    this.key = key;
    this.ownerTrack = owner;
    this.placedTrack = placed;
    this.label = placed === null ? key : placedLabel(key);
    this.tracks = tracks;
    this.clients = clients;
  }

  get track(): Track {
    return this.ownerTrack ?? this.placedTrack ?? this.clients.trackOf(this.key);
  }

  acquire(): Acquired {
    if (this.ownerTrack !== null && this.tracks.upstream(this.ownerTrack) === null)
      this.ownerTrack = null;
    // The route may have changed while it waited for an instance.
    if (this.placedTrack !== null && !this.tracks.mayStay(this.placedTrack))
      this.placedTrack = null;
    const { track } = this;
    const upstream = this.tracks.upstream(track);
    if (upstream === null) return { kind: 'unavailable', track, reason: 'the track is not routed' };
    const binding = {
      track,
      upstream,
      upstreamId: null,
      generation: 0,
      calls: new Set<LiveCall>(),
    };
    return { kind: 'bound', binding };
  }

  /** Nothing to forget: there is no session. */
  forget(): void {
    return;
  }

  unreachable(binding: Binding, waitedMs: number): void {
    const other = this.tracks.failover(binding.track, waitedMs);
    if (other === null) return;
    if (this.ownerTrack === null) this.clients.move(this.key, other);
    this.ownerTrack = null;
    this.placedTrack = null;
  }

  /** The instance answered with the message: what it gave out in it will be brought back there. */
  answered(message: Message, binding: Binding): void {
    this.clients.handles.given(message, this.key, binding);
  }

  began(binding: Binding, call: LiveCall): void {
    this.tracks.meter(binding.track).live.add(call);
  }

  ended(binding: Binding, call: LiveCall): void {
    this.tracks.meter(binding.track).live.delete(call);
  }
}
