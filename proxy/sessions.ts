/** The sessions of one service: bounded in number, ended when idle, kept across restarts. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../common/clock.js';
import type { Logger } from '../common/log.js';
import type { Track } from '../common/protocol.js';
import type { ServiceConfig } from '../config/types.js';
import { ClockSteps } from '../common/clock-steps.js';
import { Gate } from './gate.js';
import { BodyBudget } from './mcp/body.js';
import { disconnected } from './mcp/disconnected.js';
import { negotiatedSchema, type Negotiated } from './mcp/handshake.js';
import { Session, type Connector, type SessionWorld } from './session.js';
import { streamableConnector } from './mcp/connector.js';
import { placedLabel } from './placement.js';
import { Unanswered } from './mcp/unanswered.js';
import type { EndReason, SessionMeter } from './session-meter.js';
import { Split } from './split.js';
import type { SessionKind, Store, StoredSession } from './store.js';
import type { Tracks } from './tracks.js';
import { storedJson } from './stored-json.js';

/** 192 bits: it cannot be guessed, and an id that is not ours is not found. */
const ID_BYTES = 24;
const LABEL_BYTES = 6;
const MAX_HANDSHAKES = 64;
const MAX_SUSPENDED_BYTES = 16 << 20;
/** A legacy client that lost its stream opens it again after some seconds, or never. */
const SSE_GRACE_MS = 60_000;
/** What is stored of a busy session is not older than this share of its idle time. */
const STALE_SHARE = 0.25;

export interface NewSession {
  readonly kind: SessionKind;
  readonly track: Track;
  /** An override chose the track. */
  readonly placed: boolean;
  readonly initialize: Buffer | null;
  readonly path: string;
  /** See StoredSession. */
  readonly client: string | null;
  readonly connector: Connector;
}

export class Sessions {
  private readonly byId = new Map<string, Session>();
  private readonly touched = new Set<Session>();
  /** When sessions were last used, by the store. */
  private readonly storedUse = new WeakMap<Session, number>();
  /** Legacy sessions whose clients were there when this process' predecessor ended. */
  private readonly cut = new WeakSet<Session>();
  private readonly world: SessionWorld;
  readonly split = new Split<Track>();
  /** What clients of legacy sessions wait for. */
  readonly unanswered: Unanswered;

  private readonly config: ServiceConfig;
  private readonly store: Store;
  private readonly clock: Clock;
  private readonly tracks: Tracks;
  private readonly clockSteps: ClockSteps;
  /** The store's failures after which all was stored. */
  private caughtUpWith = 0;

  constructor(
    config: ServiceConfig,
    store: Store,
    tracks: Tracks,
    meter: SessionMeter,
    clock: Clock,
    log: Logger,
  ) {
    this.config = config;
    this.store = store;
    this.clock = clock;
    this.tracks = tracks;
    this.clockSteps = new ClockSteps(() => clock.now());
    this.unanswered = new Unanswered(store);
    this.world = {
      tracks,
      split: this.split,
      handshakes: new Gate(MAX_HANDSHAKES),
      clock,
      log,
      save: (session) => this.save(session),
      meter,
      suspendedBodies: new BodyBudget(MAX_SUSPENDED_BYTES),
      patienceMs: config.patienceMs,
    };
  }

  get size(): number {
    return this.byId.size;
  }

  get isFull(): boolean {
    return this.byId.size >= this.config.maxSessions;
  }

  /** Brings back what the last process stored. */
  restore(defaultPath: string): void {
    for (const stored of this.store.loadSessions(this.config.name)) {
      const negotiated = negotiatedOf(stored.negotiated);
      const isSse = stored.kind === 'sse';
      // Of a legacy client that had left, no connection is stored.
      const wasThere = isSse && stored.upstreamId !== null;
      const session = new Session(
        wasThere ? { ...stored, usedAtMs: this.clock.now() } : stored,
        negotiated,
        defaultPath,
        isSse ? disconnected : streamableConnector,
        this.world,
      );
      this.byId.set(session.id, session);
      if (wasThere) this.cut.add(session);
    }
    this.unanswered.restore(this.config.name);
  }

  get(id: string): Session | undefined {
    const session = this.byId.get(id);
    if (session !== undefined) this.touched.add(session);
    return session;
  }

  /** A new session with an id of ours; `save` stores it. The caller has checked `isFull`. */
  create({ kind, track, placed, initialize, path, client, connector }: NewSession): Session {
    const label = randomBytes(LABEL_BYTES).toString('hex');
    const session = new Session(
      {
        id: randomBytes(ID_BYTES).toString('base64url'),
        service: this.config.name,
        kind,
        label: placed ? placedLabel(label) : label,
        track,
        upstreamId: null,
        generation: -1,
        initialize,
        negotiated: null,
        initialized: false,
        restore: '[]',
        usedAtMs: this.clock.now(),
        client,
      },
      null,
      path,
      connector,
      this.world,
    );
    this.byId.set(session.id, session);
    return session;
  }

  /** The client of a legacy session has closed its stream: it left, or lost its connection. */
  left(session: Session): void {
    this.cut.delete(session);
    this.save(session);
  }

  /** The client was there when this process' predecessor ended, and has not come back. */
  wasCut(session: Session): boolean {
    return this.cut.has(session);
  }

  save(session: Session): void {
    if (session.isClosed) return;
    this.store.saveSession({ service: this.config.name, ...session.stored });
  }

  /** Ends a session for good. Of one that was idle its instance does not know yet, and is told. */
  end(session: Session, reason: EndReason): void {
    if (this.byId.delete(session.id)) this.world.meter.ended[session.track][reason] += 1;
    this.touched.delete(session);
    session.close(reason === 'idle');
    this.unanswered.takeAll(session.id);
    this.store.deleteSession(session.id);
  }

  /** Sessions on tracks that are being emptied, or are gone, leave them. */
  reroute(): void {
    const moved = [...this.byId.values()].filter((session) => session.leave());
    this.store.transaction(() => moved.forEach((session) => this.save(session)));
  }

  /** Ends what has been idle for too long, and stores when the others were last used. */
  sweep(): void {
    const now = this.clock.now();
    this.followClock(now);
    const { sessionIdleMs } = this.config;
    for (const session of this.byId.values()) {
      const limitMs =
        session.kind === 'sse' ? Math.min(SSE_GRACE_MS, sessionIdleMs) : sessionIdleMs;
      if (session.isBusy) this.use(session, now, limitMs);
      if (session.usedAtMs + limitMs < now) this.end(session, 'idle');
    }
    this.flush();
  }

  /** Its idle time begins when its last stream or call has ended, be it with this process. */
  private use(session: Session, now: number, limitMs: number): void {
    session.usedAtMs = now;
    // A legacy session that was there is known by its connection.
    const isStale = now - (this.storedUse.get(session) ?? 0) > limitMs * STALE_SHARE;
    if (isStale && session.kind === 'streamable') this.touched.add(session);
  }

  /** Idle times are not made of a clock that was set. What was used since then is not to be moved. */
  private followClock(now: number): void {
    const stepMs = this.clockSteps.since();
    if (stepMs === 0) return;
    for (const session of this.byId.values()) {
      const wasBefore = stepMs > 0 || session.usedAtMs > now;
      if (wasBefore) session.usedAtMs = Math.min(session.usedAtMs + stepMs, now);
    }
  }

  /** Stores everything again after something could not be stored. */
  catchUp(): void {
    const { store, tracks } = this;
    const { failures } = store;
    if (failures === this.caughtUpWith) return;
    const service = this.config.name;
    const sessions = this.snapshots();
    if (store.catchUp(service, { route: tracks.route, sessions })) this.caughtUpWith = failures;
  }

  /** Made one by one as they are stored: a disk that takes nothing is tried every second. */
  private *snapshots(): Iterable<StoredSession> {
    const service = this.config.name;
    for (const { stored } of this.byId.values()) yield { service, ...stored };
  }

  /** Stores when sessions were last used. */
  flush(): void {
    this.store.transaction(() => {
      for (const session of this.touched) {
        this.store.touch(session.id, session.usedAtMs);
        this.storedUse.set(session, session.usedAtMs);
      }
    });
    this.touched.clear();
  }

  values(): IterableIterator<Session> {
    return this.byId.values();
  }
}

function negotiatedOf(json: string | null): Negotiated | null {
  return json === null ? null : storedJson(negotiatedSchema, json);
}
