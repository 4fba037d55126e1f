/**
 * One client's session, owned by the proxy: the client knows our id for life, while the instance
 * behind it (bindings.ts) may change (mover.ts). Credentials (`headers`) live in memory only.
 */
import { z } from 'zod';
import type { Track } from '../common/protocol.js';
import { Bindings } from './bindings.js';
import type { LiveCall } from './live-call.js';
import { Asked } from './mcp/asked.js';
import type { BodyBudget } from './mcp/body.js';
import { Callers } from './mcp/callers.js';
import type { Handshake, Negotiated } from './mcp/handshake.js';
import { Suspended } from './mcp/suspended.js';
import { Mover, type Movable, type MoverWorld } from './mover.js';
import type { Acquired, Binding, Pin } from './pin.js';
import type { SessionKind, StoredSession } from './store.js';
import type { Upstream } from './upstream.js';
import { storedJson } from './stored-json.js';

/** Names of methods, with the bodies that are sent again after a move. */
const restoreSchema = z.array(z.tuple([z.string(), z.string()]));

/** What sessions need of their service. */
export interface SessionWorld extends MoverWorld {
  /** Stores the session as it is now. */
  save(session: Session): void;
  /** What calls that are to be resumed may take. */
  readonly suspendedBodies: BodyBudget;
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

export class Session implements Pin, Movable {
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
  private readonly bindings: Bindings;
  private readonly mover: Mover;
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
    this.bindings = new Bindings(world.tracks, stored, (binding) => this.disconnect(binding));
    this.mover = new Mover(this, this.bindings, world);
    const upstream = world.tracks.upstream(stored.track);
    const isLive = stored.kind === 'streamable' && stored.upstreamId !== null;
    if (upstream !== null && isLive) this.bindings.bind(upstream, stored.upstreamId);
  }

  /** The session's client has come (back) with a transport of its own. */
  set transport(connector: Connector) {
    this.connector = connector;
    this.mover.reconnected();
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
    return this.bindings.track;
  }

  /** The generation that the next binding will have. */
  get nextGeneration(): number {
    return this.bindings.nextGeneration;
  }

  get current(): Binding | null {
    return this.bindings.current;
  }

  get stored(): Omit<StoredSession, 'service'> {
    return {
      id: this.id,
      kind: this.kind,
      label: this.label,
      track: this.track,
      upstreamId: this.current?.upstreamId ?? null,
      generation: this.bindings.generation,
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
    return this.mover.acquire();
  }

  /** Pins the session elsewhere when it may not stay where it is. True when it moved. */
  leave(): boolean {
    return this.mover.leave();
  }

  forget(binding: Binding): void {
    this.mover.lost(binding, 'forgotten');
  }

  unreachable(binding: Binding): void {
    this.mover.lost(binding, 'unreachable');
  }

  began(binding: Binding, call: LiveCall): void {
    this.bindings.began(binding, call);
  }

  ended(binding: Binding, call: LiveCall): void {
    this.bindings.ended(binding, call);
  }

  /** The binding of that generation, while it can still be used. */
  bindingOf(generation: number): Binding | null {
    return this.bindings.of(generation);
  }

  /** The binding on which the request with that id (a raw token) is in flight. */
  bindingOfCall(id: string): Binding | null {
    return this.bindings.ofCall(id);
  }

  /** Streams are open, or calls under way. */
  get isBusy(): boolean {
    return this.streams > 0 || this.bindings.haveCalls;
  }

  /** The client's own `initialize` was answered: for the first time, or anew where that instance was lost. */
  adopt(binding: Binding, upstreamId: string | null): void {
    this.mover.adopt(binding, upstreamId);
  }

  /** Ends the session: on the instance too, when `upstream` says so. */
  close(upstream: boolean): void {
    if (this.isClosed) return;
    this.suspended.takeAll();
    this.mover.close(upstream);
  }

  get isClosed(): boolean {
    return this.bindings.isClosed;
  }

  connect(upstream: Upstream, headers: readonly string[], signal: AbortSignal): Promise<Handshake> {
    return this.connector.connect(this, upstream, headers, signal);
  }

  disconnect(binding: Binding): void {
    this.connector.disconnect(this, binding);
  }

  save(): void {
    this.world.save(this);
  }
}
