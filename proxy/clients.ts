/** Clients without a session: each keeps its track, by its credentials or its address. */
import type { IncomingMessage } from 'node:http';
import type { Track } from '../common/protocol.js';
import { Affinity, ClientKeys } from './affinity.js';
import type { LiveCall } from './live-call.js';
import type { Acquired, Binding, Pin } from './pin.js';
import { Split } from './split.js';
import type { Tracks } from './tracks.js';

export class Clients {
  private readonly keys = new ClientKeys();
  private readonly affinity = new Affinity();
  private readonly split = new Split<Track>();

  private readonly tracks: Tracks;

  constructor(tracks: Tracks) {
    this.tracks = tracks;
  }

  /** The pin of the client that sent the request. */
  pinOf(req: IncomingMessage): ClientPin {
    return new ClientPin(this.keys.of(req), this.tracks, this);
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
  private readonly tracks: Tracks;
  private readonly clients: Clients;

  constructor(label: string, tracks: Tracks, clients: Clients) {
    this.label = label;
    this.tracks = tracks;
    this.clients = clients;
  }

  get track(): Track {
    return this.clients.trackOf(this.label);
  }

  acquire(): Promise<Acquired> {
    const { track } = this;
    const upstream = this.tracks.upstream(track);
    return Promise.resolve(
      upstream === null
        ? { kind: 'unavailable', track, reason: 'the track is not routed' }
        : {
            kind: 'bound',
            binding: { track, upstream, upstreamId: null, generation: 0, calls: new Set() },
          },
    );
  }

  /** Nothing to forget: there is no session. */
  forget(): void {
    return;
  }

  unreachable(binding: Binding, waitedMs: number): void {
    this.clients.moveFrom(this.label, binding.track, waitedMs);
  }

  began(binding: Binding, call: LiveCall): void {
    this.tracks.meter(binding.track).live.add(call);
  }

  ended(binding: Binding, call: LiveCall): void {
    this.tracks.meter(binding.track).live.delete(call);
  }
}
