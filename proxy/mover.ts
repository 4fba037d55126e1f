/**
 * Sets a session up on an instance, and on another one when its track is emptied, or its instance
 * is lost or has lost it.
 *
 * 1. At most one handshake is under way at a time; whoever needs the binding waits for it.
 * 2. A session that leaves a track leaves at once, and gives up a handshake that is under way there.
 */
import type { Clock } from '../common/clock.js';
import type { Logger } from '../common/log.js';
import type { Track } from '../common/protocol.js';
import type { Bindings } from './bindings.js';
import type { Gate } from './gate.js';
import { headerOf, lowerNames } from './headers.js';
import type { Handshake } from './mcp/handshake.js';
import type { Acquired, Binding } from './pin.js';
import type { LossReason, MoveReason, SessionMeter } from './session-meter.js';
import type { Split } from './split.js';
import type { Tracks } from './tracks.js';
import type { Upstream } from './upstream.js';

const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 500;

/** What moves of sessions need of their service. */
export interface MoverWorld {
  readonly tracks: Tracks;
  readonly split: Split<Track>;
  /** Bounds the handshakes under way: a track that is emptied moves thousands of sessions. */
  readonly handshakes: Gate;
  readonly clock: Clock;
  readonly log: Logger;
  readonly meter: SessionMeter;
  /** How long an instance is tried that cannot be reached. */
  readonly patienceMs: number;
}

/** A session, as far as it is set up on instances. */
export interface Movable {
  /** A name that tells nothing. */
  readonly label: string;
  /** What the client has sent last, its credentials among it. */
  readonly headers: readonly string[];
  /** See Connector. */
  connect(upstream: Upstream, headers: readonly string[], signal: AbortSignal): Promise<Handshake>;
  disconnect(binding: Binding): void;
  /** Stores it as it is now. */
  save(): void;
}

export class Mover {
  private readonly session: Movable;
  private readonly bindings: Bindings;
  private readonly world: MoverWorld;
  private handshaking: Promise<Acquired> | null = null;
  /** Gives up the try that is under way. */
  private giveUp: AbortController | null = null;
  /** When a call last asked for a binding: it may wait for its patience from then on. */
  private wantedAt = 0;
  /** Why the session has no binding, when it has none. */
  private reason: MoveReason = 'reconnected';
  /** Why the last try failed. */
  private failure: LossReason = 'unreachable';
  /** Its client was told so: that counts once, until it is set up again. */
  private isLost = false;

  constructor(session: Movable, bindings: Bindings, world: MoverWorld) {
    this.session = session;
    this.bindings = bindings;
    this.world = world;
  }

  /** A binding on a track where the session may stay, made anew when there is none. Never rejects. */
  acquire(): Acquired | Promise<Acquired> {
    this.leave();
    const { current } = this.bindings;
    if (current !== null) return { kind: 'bound', binding: current };
    this.wantedAt = performance.now();
    this.handshaking ??= this.establish().finally(() => (this.handshaking = null));
    return this.handshaking;
  }

  /** Pins the session elsewhere when it may not stay where it is. True when it moved. */
  leave(): boolean {
    const { tracks, split } = this.world;
    if (this.bindings.isClosed || tracks.mayStay(this.bindings.track)) return false;
    this.reason = 'drained';
    this.pinTo(split.pick(tracks.open()) ?? 'stable');
    return true;
  }

  /** The binding cannot be used any more. */
  lost(binding: Binding, reason: MoveReason): void {
    if (this.bindings.drop(binding)) this.reason = reason;
  }

  /** The client is there again, with a transport of its own. */
  reconnected(): void {
    this.reason = 'reconnected';
  }

  /** The client set the session up itself. */
  adopt({ track, upstream }: Binding, upstreamId: string | null): void {
    if (this.bindings.generation >= 0) this.pinTo(track);
    this.bindings.bindNext(upstream, upstreamId);
  }

  /** The session is over. */
  close(upstream: boolean): void {
    this.bindings.close(upstream);
    this.giveUp?.abort('the session has ended');
  }

  private pinTo(track: Track): void {
    this.giveUp?.abort('the session moved on');
    this.bindings.pinTo(track);
  }

  private async establish(): Promise<Acquired> {
    const { clock, handshakes, log, patienceMs } = this.world;
    const startedAt = performance.now();
    let hasSwitched = false;
    for (let pauseMs = FIRST_RETRY_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_RETRY_MS)) {
      this.leave();
      const shaken = await handshakes.run(() => this.handshakeOn());
      if (shaken.kind !== 'unavailable') return shaken;
      const { track, reason } = shaken;
      const waitedMs = performance.now() - startedAt;
      log.debug({ session: this.session.label, track, reason, waitedMs }, 'handshake failed');
      // Also when this call gives up: the next one is not to wait for the same instance.
      const isElsewhere = track !== this.bindings.track || this.switchTrack(waitedMs);
      if (this.bindings.isClosed || performance.now() - this.wantedAt > patienceMs) {
        this.countFailedMove();
        return shaken;
      }
      // Two instances that both refuse are in trouble enough: only the first change comes at once.
      if (!isElsewhere || hasSwitched) await clock.sleep(pauseMs);
      else hasSwitched = true;
    }
  }

  private countFailedMove(): void {
    if (this.bindings.isClosed) return;
    const { meter } = this.world;
    meter.moved[this.reason].failed += 1;
    if (!this.isLost) meter.lost[this.failure] += 1;
    this.isLost = true;
  }

  private switchTrack(waitedMs: number): boolean {
    const { isClosed, track } = this.bindings;
    const other = isClosed ? null : this.world.tracks.failover(track, waitedMs);
    if (other === null) return false;
    this.pinTo(other);
    return true;
  }

  /** With what the client has sent last: its streams, and calls that wait, may have older credentials. */
  private async handshakeOn(isSecond = false): Promise<Acquired> {
    const { track, isClosed } = this.bindings;
    const { headers } = this.session;
    if (isClosed) return { kind: 'unavailable', track, reason: 'the session has ended' };
    const upstream = this.world.tracks.upstream(track);
    if (upstream === null) return { kind: 'unavailable', track, reason: 'the track is not routed' };
    const giveUp = new AbortController();
    this.giveUp = giveUp;
    const timer = this.limit(giveUp);
    const shaken = await this.session.connect(upstream, headers, giveUp.signal);
    clearTimeout(timer);
    this.giveUp = null;
    if (giveUp.signal.aborted) {
      this.failure = 'unreachable';
      if (shaken.kind === 'done') this.undo(track, upstream, shaken.upstreamId);
      return { kind: 'unavailable', track, reason: String(giveUp.signal.reason) };
    }
    if (shaken.kind === 'denied') {
      const isWorthIt = !isSecond && isNewer(this.session.headers, headers);
      return isWorthIt ? this.handshakeOn(true) : { ...shaken, track };
    }
    if (shaken.kind !== 'done') {
      this.failure = shaken.kind;
      return { kind: 'unavailable', track, reason: shaken.reason };
    }
    const binding = this.bindings.bindNext(upstream, shaken.upstreamId);
    this.session.save();
    this.isLost = false;
    if (binding.generation > 0) this.world.meter.moved[this.reason].ok += 1;
    return { kind: 'bound', binding };
  }

  /** Ends on an instance what was set up there after the session had given it up. */
  private undo(track: Track, upstream: Upstream, upstreamId: string | null): void {
    const generation = this.bindings.nextGeneration;
    this.session.disconnect({ track, upstream, upstreamId, generation, calls: new Set() });
  }

  /** A try where others can stand in leaves them half of the patience. */
  private limit(giveUp: AbortController): NodeJS.Timeout | undefined {
    const { tracks, patienceMs } = this.world;
    if (tracks.failover(this.bindings.track, 0) === null) return undefined;
    const limitMs = patienceMs / 2;
    return setTimeout(() => giveUp.abort(`no answer within ${limitMs} ms`), limitMs);
  }
}

/** The client has sent other credentials since. */
function isNewer(latest: readonly string[], used: readonly string[]): boolean {
  const authorization = (headers: readonly string[]): string | undefined =>
    headerOf(lowerNames(headers), 'authorization');
  return authorization(latest) !== authorization(used);
}
