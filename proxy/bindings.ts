/**
 * Where a session is: the track that it is pinned to, the instance there that it is bound to, and
 * those that it has left. Calls in flight on one that was left finish there; it is ended upstream
 * when the last of them has.
 */
import type { Track } from '../common/protocol.js';
import type { LiveCall } from './live-call.js';
import type { Binding } from './pin.js';
import type { Tracks } from './tracks.js';
import type { Upstream } from './upstream.js';

export class Bindings {
  private pinned: Track;
  /** Of the latest binding; -1 before the first one. */
  private latest: number;
  private bound: Binding | null = null;
  /** Left behind with calls in flight. */
  private readonly retired = new Set<Binding>();
  private closed = false;
  private readonly tracks: Tracks;
  /** Ends upstream what nobody uses any more. */
  private readonly disconnect: (binding: Binding) => void;

  constructor(
    tracks: Tracks,
    { track, generation }: Pick<Binding, 'track' | 'generation'>,
    disconnect: (binding: Binding) => void,
  ) {
    this.tracks = tracks;
    this.pinned = track;
    this.latest = generation;
    this.disconnect = disconnect;
    tracks.meter(track).sessions += 1;
  }

  get track(): Track {
    return this.pinned;
  }

  get generation(): number {
    return this.latest;
  }

  /** What the next binding will have. */
  get nextGeneration(): number {
    return this.latest + 1;
  }

  get current(): Binding | null {
    return this.bound;
  }

  /** Binds to an instance that knows the session's latest generation already. */
  bind(upstream: Upstream, upstreamId: string | null): Binding {
    const { pinned: track, latest: generation } = this;
    this.bound = { track, upstream, upstreamId, generation, calls: new Set() };
    return this.bound;
  }

  /** Binds to an instance where the session was just set up. */
  bindNext(upstream: Upstream, upstreamId: string | null): Binding {
    this.latest = this.nextGeneration;
    this.tracks.meter(this.pinned).sessionsOpened += 1;
    return this.bind(upstream, upstreamId);
  }

  /** Leaves for that track, without a binding there yet. */
  pinTo(track: Track): void {
    this.tracks.meter(this.pinned).sessions -= 1;
    this.pinned = track;
    this.tracks.meter(track).sessions += 1;
    this.leave();
  }

  /** The instance has lost it: there is nothing to end. False when it is not the current one. */
  drop(binding: Binding): boolean {
    if (this.bound !== binding) return false;
    this.bound = null;
    return true;
  }

  began(binding: Binding, call: LiveCall): void {
    binding.calls.add(call);
    this.tracks.meter(binding.track).live.add(call);
  }

  ended(binding: Binding, call: LiveCall): void {
    binding.calls.delete(call);
    this.tracks.meter(binding.track).live.delete(call);
    if (binding.calls.size === 0 && this.retired.delete(binding)) this.disconnect(binding);
  }

  /** The one of that generation, while it can still be used. */
  of(generation: number): Binding | null {
    return this.all().find((binding) => binding.generation === generation) ?? null;
  }

  /** The one on which the request with that id (a raw token) is in flight. */
  ofCall(id: string): Binding | null {
    const hasCall = ({ calls }: Binding): boolean => [...calls].some(({ ids }) => ids.has(id));
    return this.all().find(hasCall) ?? null;
  }

  get haveCalls(): boolean {
    return this.all().some(({ calls }) => calls.size > 0);
  }

  /** There are to be no more: ends the current one too, upstream when that is to be told. */
  close(upstream: boolean): void {
    this.closed = true;
    this.tracks.meter(this.pinned).sessions -= 1;
    if (upstream) this.leave();
    else this.bound = null;
  }

  get isClosed(): boolean {
    return this.closed;
  }

  private all(): Binding[] {
    return this.bound === null ? [...this.retired] : [this.bound, ...this.retired];
  }

  private leave(): void {
    const binding = this.bound;
    this.bound = null;
    if (binding === null) return;
    if (binding.calls.size > 0) this.retired.add(binding);
    else this.disconnect(binding);
  }
}
