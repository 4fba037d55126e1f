/** Clients without a session: each keeps its track, by its credentials or its address. */
import type { IncomingMessage } from 'node:http';
import type { Track } from '../common/protocol.js';
import { Affinity, type ClientKeys } from './affinity.js';
import type { LiveCall } from './live-call.js';
import type { Acquired, Binding, Pin } from './pin.js';
import { placedLabel, type Placement } from './placement.js';
import { Split } from './split.js';
import type { Tracks } from './tracks.js';

/** Versions counted: an outsider chooses the names. */
const MAX_VERSIONS = 16;

export class Clients {
  private readonly keys: ClientKeys;
  private readonly affinity = new Affinity();
  private readonly tasks = new Affinity();
  private readonly versions = new Map<string, number>();
  private readonly split = new Split<Track>();

  private readonly tracks: Tracks;
  private readonly placement: Placement;

  constructor(tracks: Tracks, keys: ClientKeys, placement: Placement) {
    this.tracks = tracks;
    this.keys = keys;
    this.placement = placement;
  }

  /**
   * The pin of the client that sent the request; a request about a task (2026-07-28) goes to the
   * instance that made it, whoever asks.
   */
  pinOf(req: IncomingMessage, taskId: string | null = null): ClientPin {
    const taskTrack = taskId === null ? undefined : this.tasks.get(taskId);
    const isThere = taskTrack !== undefined && this.tracks.mayStay(taskTrack);
    const chosen = { task: isThere ? taskTrack : null, placed: this.placement.of(req, null) };
    return new ClientPin(this.keys.of(req), chosen, this.tracks, this);
  }

  /** An instance gave out a task. */
  noteTask(taskId: string, track: Track): void {
    this.tasks.set(taskId, track);
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
    const known = this.affinity.get(key);
    if (known !== undefined && this.tracks.mayStay(known)) return known;
    const track = this.split.pick(this.tracks.open()) ?? 'stable';
    this.affinity.set(key, track);
    return track;
  }

  /** Gives the client another track when there is one to fail over to. */
  moveFrom(key: string, track: Track, waitedMs: number): void {
    const other = this.tracks.failover(track, waitedMs);
    if (other !== null) this.affinity.set(key, other);
  }
}

export class ClientPin implements Pin {
  readonly clientId = null;

  readonly label: string;
  private readonly key: string;
  private taskTrack: Track | null;
  private placedTrack: Track | null;
  private readonly tracks: Tracks;
  private readonly clients: Clients;

  constructor(
    key: string,
    { task, placed }: { readonly task: Track | null; readonly placed: Track | null },
    tracks: Tracks,
    clients: Clients,
  ) {
    this.key = key;
    this.taskTrack = task;
    this.placedTrack = placed;
    this.label = placed === null ? key : placedLabel(key);
    this.tracks = tracks;
    this.clients = clients;
  }

  get track(): Track {
    return this.taskTrack ?? this.placedTrack ?? this.clients.trackOf(this.key);
  }

  acquire(): Acquired {
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
    this.taskTrack = null;
    this.placedTrack = null;
    this.clients.moveFrom(this.key, binding.track, waitedMs);
  }

  began(binding: Binding, call: LiveCall): void {
    this.tracks.meter(binding.track).live.add(call);
  }

  ended(binding: Binding, call: LiveCall): void {
    this.tracks.meter(binding.track).live.delete(call);
  }
}
