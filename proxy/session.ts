/**
 * One client's session, owned by the proxy: the client knows our id for life, while the instance
 * behind it may change.
 *
 * 1. At most one handshake is under way at a time; whoever needs the binding waits for it.
 * 2. A session that leaves a track leaves at once; calls in flight there finish on the old binding,
 *    which is ended upstream when its last call has ended.
 * 3. Credentials (`headers`) live in memory only.
 */
import { z } from 'zod';
import type { Clock } from '../common/clock.js';
import type { Logger } from '../common/log.js';
import type { Track } from '../common/protocol.js';
import type { Handshake, Negotiated } from './mcp/handshake.js';
import type { Gate } from './gate.js';
import { headerOf, lowerNames } from './headers.js';
import type { LiveCall } from './live-call.js';
import type { Acquired, Binding, Pin } from './pin.js';
import type { LossReason, MoveReason, SessionMeter } from './session-meter.js';
import type { Split } from './split.js';
import type { BodyBudget } from './mcp/body.js';
import { Asked } from './mcp/asked.js';
import { Callers } from './mcp/callers.js';
import { Suspended } from './mcp/suspended.js';
import type { SessionKind, StoredSession } from './store.js';
import type { Tracks } from './tracks.js';
import type { Upstream } from './upstream.js';
import { storedJson } from './stored-json.js';

const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 500;

/** Names of methods, with the bodies that are sent again after a move. */
const restoreSchema = z.array(z.tuple([z.string(), z.string()]));

/** What sessions need of their service. */
export interface SessionWorld {
  readonly tracks: Tracks;
  readonly split: Split<Track>;
  /** Bounds the handshakes under way: a track that is emptied moves thousands of sessions. */
  readonly handshakes: Gate;
  readonly clock: Clock;
  readonly log: Logger;
  /** Stores the session as it is now. */
  save(session: Session): void;
  readonly meter: SessionMeter;
  /** What calls that are to be resumed may take. */
  readonly suspendedBodies: BodyBudget;
  /** How long an instance is tried that cannot be reached. */
  readonly patienceMs: number;
}

/** How a session is set up on an instance, and ended there: its transport's business. */
export interface Connector {
  /**
   * Ends soon after `signal` has aborted; what was set up by then is the caller's to end. Never
   * rejects.
   */
  connect(
    session: Session,
    upstream: Upstream,
    headers: readonly string[],
    signal: AbortSignal,
  ): Promise<Handshake>;
  /** Nobody waits for it. */
  disconnect(session: Session, binding: Binding): void;
}

/** What a session has come to, apart from its id and its instance. */
export type Standing = Pick<
  Session,
  'label' | 'track' | 'initialize' | 'negotiated' | 'initialized'
> & {
  readonly restore: ReadonlyMap<string, string>;
};

export class Session implements Pin {
  readonly id: string;
  private name: string;
  readonly kind: SessionKind;
  initialize: Buffer | null;
  negotiated: Negotiated | null;
  initialized: boolean;
  /** Requests to send again on another instance, by what they set. Bounded by the caller. */
  readonly restore: Map<string, string>;
  usedAtMs: number;
  /** Who the client is, salted: for one that comes back without naming its session. */
  readonly client: string | null;
  /** The client's latest end-to-end headers. */
  headers: readonly string[] = [];
  /** The client's latest request target on the MCP endpoint. */
  path: string;
  /** Client streams that are open. */
  streams = 0;
  readonly suspended: Suspended;
  readonly asked = new Asked();
  /** Of calls whose streams were begun with an event id of ours. */
  readonly callers: Callers;
  private pinned: Track;
  private binding: Binding | null = null;
  /** Left behind with calls in flight. */
  private readonly retired = new Set<Binding>();
  private handshaking: Promise<Acquired> | null = null;
  /** Gives up the try that is under way. */
  private giveUp: AbortController | null = null;
  /** When a call last asked for a binding: it may wait for its patience from then on. */
  private wantedAt = 0;
  private generation: number;
  private closed = false;
  /** Why it has no binding, when it has none. */
  private moveReason: MoveReason = 'reconnected';
  private failure: LossReason = 'unreachable';
  private isLost = false;

  private connector: Connector;
  private readonly world: SessionWorld;

  constructor(
    stored: StoredSession,
    negotiated: Negotiated | null,
    path: string,
    connector: Connector,
    world: SessionWorld,
  ) {
    this.connector = connector;
    this.world = world;
    this.suspended = new Suspended(world.suspendedBodies);
    this.callers = new Callers(world.suspendedBodies);
    this.id = stored.id;
    this.name = stored.label;
    this.client = stored.client;
    this.kind = stored.kind;
    this.initialize = stored.initialize;
    this.negotiated = negotiated;
    this.initialized = stored.initialized;
    this.restore = new Map(storedJson(restoreSchema, stored.restore));
    this.usedAtMs = stored.usedAtMs;
    this.path = path;
    this.pinned = stored.track;
    this.generation = stored.generation;
    this.world.tracks.meter(this.pinned).sessions += 1;
    const upstream = world.tracks.upstream(stored.track);
    const isLive = stored.kind === 'streamable' && stored.upstreamId !== null;
    if (upstream !== null && isLive) this.bind(upstream, stored.upstreamId);
  }

  /** The session's client has come (back) with a transport of its own. */
  set transport(connector: Connector) {
    this.connector = connector;
    this.moveReason = 'reconnected';
  }

  get label(): string {
    return this.name;
  }

  /** What another session of the same client needs to go on as this one. */
  get standing(): Standing {
    const { label, track, initialize, negotiated, initialized, restore } = this;
    return { label, track, initialize, negotiated, initialized, restore };
  }

  /** Goes on as another session of the same client, on the track where this one is. */
  takeOver({ label, initialize, negotiated, initialized, restore }: Standing): void {
    this.name = label;
    this.initialize = initialize;
    this.negotiated = negotiated;
    this.initialized = initialized;
    for (const [key, body] of restore) this.restore.set(key, body);
  }

  get clientId(): string {
    return this.id;
  }

  get track(): Track {
    return this.pinned;
  }

  /** The generation that the next binding will have. */
  get nextGeneration(): number {
    return this.generation + 1;
  }

  get current(): Binding | null {
    return this.binding;
  }

  get stored(): Omit<StoredSession, 'service'> {
    return {
      id: this.id,
      kind: this.kind,
      label: this.label,
      track: this.pinned,
      upstreamId: this.binding?.upstreamId ?? null,
      generation: this.generation,
      initialize: this.initialize,
      negotiated: this.negotiated === null ? null : JSON.stringify(this.negotiated),
      initialized: this.initialized,
      restore: JSON.stringify([...this.restore]),
      usedAtMs: Math.round(this.usedAtMs),
      client: this.client,
    };
  }

  /** Notes that the client is there: its time, its credentials, its path. */
  seen(path: string, headers: readonly string[]): void {
    this.usedAtMs = this.world.clock.now();
    this.path = path;
    this.headers = headers;
  }

  acquire(): Acquired | Promise<Acquired> {
    if (!this.world.tracks.mayStay(this.pinned)) this.leave();
    if (this.binding !== null) return { kind: 'bound', binding: this.binding };
    this.wantedAt = performance.now();
    this.handshaking ??= this.establish().finally(() => (this.handshaking = null));
    return this.handshaking;
  }

  /** Pins the session elsewhere when it may not stay where it is. True when it moved. */
  leave(): boolean {
    if (this.closed || this.world.tracks.mayStay(this.pinned)) return false;
    this.moveReason = 'drained';
    this.pinTo(this.world.split.pick(this.world.tracks.open()) ?? 'stable');
    return true;
  }

  forget(binding: Binding): void {
    this.drop(binding, 'forgotten');
  }

  unreachable(binding: Binding): void {
    this.drop(binding, 'unreachable');
  }

  private drop(binding: Binding, reason: MoveReason): void {
    if (this.binding !== binding) return;
    this.binding = null;
    this.moveReason = reason;
  }

  began(binding: Binding, call: LiveCall): void {
    binding.calls.add(call);
    this.world.tracks.meter(binding.track).live.add(call);
  }

  ended(binding: Binding, call: LiveCall): void {
    binding.calls.delete(call);
    this.world.tracks.meter(binding.track).live.delete(call);
    if (binding.calls.size > 0 || !this.retired.delete(binding)) return;
    this.connector.disconnect(this, binding);
  }

  /** The binding of that generation, while it can still be used. */
  bindingOf(generation: number): Binding | null {
    return this.bindings().find((binding) => binding.generation === generation) ?? null;
  }

  /** The binding on which the request with that id (a raw token) is in flight. */
  bindingOfCall(id: string): Binding | null {
    const hasCall = ({ calls }: Binding): boolean => [...calls].some(({ ids }) => ids.has(id));
    return this.bindings().find(hasCall) ?? null;
  }

  /** Streams are open, or calls under way. */
  get isBusy(): boolean {
    return this.streams > 0 || this.bindings().some(({ calls }) => calls.size > 0);
  }

  private bindings(): Binding[] {
    return this.binding === null ? [...this.retired] : [this.binding, ...this.retired];
  }

  /** Ends a binding upstream: now, or when its last call has ended. */
  private retire(binding: Binding): void {
    if (binding.calls.size > 0) this.retired.add(binding);
    else this.connector.disconnect(this, binding);
  }

  /** Ends the session: on the instance too, when `upstream` says so. */
  close(upstream: boolean): void {
    if (this.closed) return;
    this.closed = true;
    this.suspended.takeAll();
    this.world.tracks.meter(this.pinned).sessions -= 1;
    this.giveUp?.abort('the session has ended');
    const binding = this.binding;
    this.binding = null;
    if (upstream && binding !== null) this.retire(binding);
  }

  get isClosed(): boolean {
    return this.closed;
  }

  private pinTo(track: Track): void {
    const old = this.binding;
    this.binding = null;
    this.giveUp?.abort('the session moved on');
    this.world.tracks.meter(this.pinned).sessions -= 1;
    this.pinned = track;
    this.world.tracks.meter(track).sessions += 1;
    if (old !== null) this.retire(old);
  }

  private bindNext(upstream: Upstream, upstreamId: string | null): Binding {
    this.generation += 1;
    this.world.tracks.meter(this.pinned).sessionsOpened += 1;
    return this.bind(upstream, upstreamId);
  }

  private bind(upstream: Upstream, upstreamId: string | null): Binding {
    const { generation } = this;
    this.binding = { track: this.pinned, upstream, upstreamId, generation, calls: new Set() };
    return this.binding;
  }

  /** The client's own `initialize` was answered: for the first time, or anew where that instance was lost. */
  adopt({ track, upstream }: Binding, upstreamId: string | null): Binding {
    if (this.generation >= 0) this.pinTo(track);
    return this.bindNext(upstream, upstreamId);
  }

  private async establish(): Promise<Acquired> {
    const { clock, tracks, log } = this.world;
    const startedAt = performance.now();
    let hasSwitched = false;
    for (let pauseMs = FIRST_RETRY_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_RETRY_MS)) {
      if (!tracks.mayStay(this.pinned)) this.leave();
      const shaken = await this.world.handshakes.run(() => this.handshakeOn());
      if (shaken.kind !== 'unavailable') return shaken;
      const { track, reason } = shaken;
      const waitedMs = performance.now() - startedAt;
      log.debug({ session: this.label, track, reason, waitedMs }, 'handshake failed');
      // Also when this call gives up: the next one is not to wait for the same instance.
      const isElsewhere = track !== this.pinned || this.switchTrack(waitedMs);
      if (this.closed || performance.now() - this.wantedAt > this.world.patienceMs) {
        this.countFailedMove();
        return shaken;
      }
      // Two instances that both refuse are in trouble enough: only the first change comes at once.
      if (!isElsewhere || hasSwitched) await clock.sleep(pauseMs);
      else hasSwitched = true;
    }
  }

  private countFailedMove(): void {
    if (this.closed) return;
    const { meter } = this.world;
    meter.moved[this.moveReason].failed += 1;
    if (!this.isLost) meter.lost[this.failure] += 1;
    this.isLost = true;
  }

  private switchTrack(waitedMs: number): boolean {
    const other = this.closed ? null : this.world.tracks.failover(this.pinned, waitedMs);
    if (other === null) return false;
    this.pinTo(other);
    return true;
  }

  /** With what the client has sent last: its streams, and calls that wait, may have older credentials. */
  private async handshakeOn(isSecond = false): Promise<Acquired> {
    const { pinned: track, headers } = this;
    if (this.closed) return { kind: 'unavailable', track, reason: 'the session has ended' };
    const upstream = this.world.tracks.upstream(track);
    if (upstream === null) return { kind: 'unavailable', track, reason: 'the track is not routed' };
    const giveUp = new AbortController();
    this.giveUp = giveUp;
    const timer = this.limit(giveUp);
    const shaken = await this.connector.connect(this, upstream, headers, giveUp.signal);
    clearTimeout(timer);
    this.giveUp = null;
    if (giveUp.signal.aborted) {
      this.failure = 'unreachable';
      if (shaken.kind === 'done') this.undo(track, upstream, shaken.upstreamId);
      return { kind: 'unavailable', track, reason: String(giveUp.signal.reason) };
    }
    if (shaken.kind === 'denied') {
      const isWorthIt = !isSecond && isNewer(this.headers, headers);
      return isWorthIt ? this.handshakeOn(true) : { ...shaken, track };
    }
    if (shaken.kind !== 'done') {
      this.failure = shaken.kind;
      return { kind: 'unavailable', track, reason: shaken.reason };
    }
    const binding = this.bindNext(upstream, shaken.upstreamId);
    this.world.save(this);
    this.isLost = false;
    if (binding.generation > 0) this.world.meter.moved[this.moveReason].ok += 1;
    return { kind: 'bound', binding };
  }

  /** Ends on an instance what was set up there after the session had given it up. */
  private undo(track: Track, upstream: Upstream, upstreamId: string | null): void {
    const generation = this.nextGeneration;
    this.connector.disconnect(this, { track, upstream, upstreamId, generation, calls: new Set() });
  }

  /** A try where others can stand in leaves them half of the patience. */
  private limit(giveUp: AbortController): NodeJS.Timeout | undefined {
    const { tracks, patienceMs } = this.world;
    if (tracks.failover(this.pinned, 0) === null) return undefined;
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
