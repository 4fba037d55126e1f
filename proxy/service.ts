/** One service: its door, its tracks, its sessions, its books. Its trouble is nobody else's. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../common/clock.js';
import type { Logger } from '../common/log.js';
import type { CallPage, NegotiatedState, Route, ServiceState } from '../common/protocol.js';
import type { ServiceConfig } from '../config/types.js';
import { Accounts } from './accounts.js';
import { ClientKeys } from './client-keys.js';
import { CallLog } from './call-log.js';
import { ClientStreams } from './client-streams.js';
import { Clients } from './clients.js';
import type { Doors } from './doors.js';
import { drain } from './drain.js';
import { Listener, type ListenerHandlers } from './listener.js';
import { NO_IDS, type LiveCall } from './live-call.js';
import { Drains } from './drains.js';
import { BodyBudget } from './mcp/body.js';
import { LegacySse } from './mcp/legacy-sse.js';
import { REFUSALS, refuse } from './mcp/refusals.js';
import { withOtherEnd } from './mcp/slash-redirect.js';
import { isForEngine, serveStreamable } from './mcp/streamable.js';
import { ToolCatalog } from './mcp/tool-catalog.js';
import { summarize } from './negotiated.js';
import { Passthrough } from './passthrough.js';
import { Waiters } from './patience.js';
import { Pipeline } from './pipeline.js';
import { Placement } from './placement.js';
import type { Plane } from './plane.js';
import { defaultRoute } from './route.js';
import { Sessions } from './sessions.js';
import type { Store } from './store.js';
import { ShareMeter, type CanaryShare } from './share.js';
import { SlowBodies } from './slow-bodies.js';
import { Tracks, type Stoppable } from './tracks.js';

const MAX_SWEEP_MS = 15_000;
/** How soon what could not be stored is stored, once it can be: until then a kill would lose it. */
const CATCH_UP_MS = 1_000;

export interface ServiceParts {
  readonly config: ServiceConfig;
  readonly store: Store;
  readonly epoch: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly doors: Doors;
}

export class Service {
  readonly name: string;
  private readonly config: ServiceConfig;
  private readonly store: Store;
  private readonly calls: CallLog;
  private readonly plane: Plane;
  private readonly legacy: LegacySse;
  private readonly passthrough: Passthrough;
  private readonly doors: Doors;
  private readonly door: () => Listener;
  private listener: Listener;
  /** The port is to be held; the listener tells whether it is. */
  private isOpen = true;
  /** Opening and closing, one after the other. */
  private doorTurn: Promise<void> = Promise.resolve();
  private readonly drains: Drains;
  private readonly shareMeter: ShareMeter;
  private timers: readonly NodeJS.Timeout[] = [];

  constructor({ config, store, epoch, clock, log, doors }: ServiceParts) {
    this.name = config.name;
    this.doors = doors;
    this.config = config;
    this.store = store;
    this.calls = new CallLog(epoch);
    const tracks = new Tracks(store.loadRoute(config.name) ?? defaultRoute(config.stable));
    const now = (): number => clock.now();
    const accounts = new Accounts(tracks, this.calls, now);
    const sessions = new Sessions(config, store, tracks, accounts.sessions, clock, log);
    const keys = new ClientKeys(store.salt);
    const placement = new Placement(config.overrides, tracks);
    const clients = new Clients(tracks, keys, placement, now);
    const catalog = new ToolCatalog();
    const bodies = new BodyBudget();
    const slowBodies = new SlowBodies(config.bodyTimeoutMs);
    const streams = new ClientStreams();
    const posts = new Set<LiveCall>();
    const waiters = new Waiters(config.maxWaiting, config.patienceMs);
    const parts = {
      tracks,
      sessions,
      clients,
      streams,
      posts,
      placement,
      keys,
      catalog,
      accounts,
      bodies,
      slowBodies,
      waiters,
    };
    this.plane = { config, ...parts, clock, log };
    this.drains = new Drains(tracks, config.drain);
    this.shareMeter = new ShareMeter(tracks);
    this.legacy = new LegacySse(this.plane);
    this.passthrough = new Passthrough();
    const pipeline = new Pipeline();
    const handlers: ListenerHandlers = {
      onRequest: (req, res) => pipeline.enter(req, res, () => void this.serve(req, res)),
      onUpgrade: (req, socket, head) => this.upgrade(req, socket, head),
    };
    this.door = () => new Listener(config.listen, handlers, log);
    this.listener = this.door();
  }

  /** Restores the sessions and opens the door. Never rejects. */
  async open(): Promise<void> {
    this.plane.sessions.restore(this.config.mcpPaths[0] ?? '/');
    const sweepMs = Math.min(MAX_SWEEP_MS, this.config.sessionIdleMs);
    this.timers = [
      setInterval(() => this.plane.sessions.sweep(), sweepMs),
      setInterval(() => this.plane.sessions.catchUp(), CATCH_UP_MS),
    ];
    this.plane.slowBodies.open();
    this.drains.update();
    await this.listener.open(this.doors);
  }

  /** Lets calls under way finish for `limitMs`, then ends everything but the sessions, which stay stored. */
  async close(limitMs: number): Promise<void> {
    const { tracks, sessions, slowBodies } = this.plane;
    await this.drain(limitMs);
    this.timers.forEach((timer) => clearInterval(timer));
    this.drains.close();
    slowBodies.close();
    sessions.flush();
    sessions.catchUp();
    this.passthrough.close();
    tracks.destroy();
  }

  /**
   * Frees the port once the calls under way have finished, within the drain time, or takes it again.
   * The state is the one after that; a port that cannot be taken is tried again and again.
   */
  async setListening(listening: boolean): Promise<ServiceState> {
    this.doorTurn = this.doorTurn.then(() => this.turnDoor(listening));
    await this.doorTurn;
    return this.state;
  }

  private async turnDoor(listening: boolean): Promise<void> {
    if (listening === this.isOpen) return;
    this.isOpen = listening;
    if (!listening) {
      await this.drain(this.config.drain.callsMs);
      return this.doors.release(this.config.listen);
    }
    this.listener = this.door();
    await this.listener.open(this.doors);
  }

  private async drain(limitMs: number): Promise<void> {
    const { listener } = this;
    const { tracks, streams, posts, clock, sessions, log } = this.plane;
    const drained = await drain({ listener, tracks, streams, posts, clock }, limitMs);
    log.info({ ...drained, sessions: sessions.size }, 'drained');
  }

  get accounts(): Accounts {
    return this.plane.accounts;
  }

  get canaryShare(): CanaryShare {
    return this.shareMeter.share;
  }

  get state(): ServiceState {
    const { tracks } = this.plane;
    return {
      service: this.name,
      listen: this.config.listen,
      listening: this.listener.isListening,
      listenError: this.listener.listenError,
      route: tracks.route,
      tracks: {
        stable: tracks.meter('stable').state,
        canary: tracks.meter('canary').state,
        baseline: tracks.meter('baseline').state,
      },
    };
  }

  /** Stores and takes a route that has been checked; sessions leave tracks that they may not stay on. */
  setRoute(route: Route): ServiceState {
    this.store.saveRoute(this.name, route);
    this.plane.tracks.setRoute(route);
    this.shareMeter.routeSet();
    this.plane.sessions.reroute();
    this.plane.tracks.moveStreams();
    this.drains.update();
    this.plane.log.info({ route }, 'route set');
    return this.state;
  }

  /** What the live sessions have agreed on. */
  get negotiated(): NegotiatedState {
    const { sessions, clients } = this.plane;
    return summarize(sessions.values(), clients.versionCounts);
  }

  callPage(after: number, limit: number): CallPage {
    return this.calls.page(after, limit);
  }

  private async serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    req.on('error', () => undefined);
    res.on('error', () => undefined);
    try {
      await this.dispatch(req, res);
    } catch (error) {
      this.plane.log.error({ err: error }, 'a request failed inside the proxy');
      refuse(res, 500, { code: REFUSALS.unavailable, message: 'internal error' });
      if (!res.writableEnded) res.destroy();
    }
  }

  private dispatch(req: IncomingMessage, res: ServerResponse): Promise<void> | void {
    const path = pathOf(req);
    if (req.method !== 'POST' && hasBody(req))
      this.plane.slowBodies.watchProgress(req, () => req.socket.destroy());
    if (isEndpoint(this.config.mcpPaths, path) && isForEngine(req))
      return serveStreamable(this.plane, req, res);
    if (isEndpoint(this.config.ssePaths, path) && this.legacy.isForUs(req))
      return this.legacy.serve(req, res);
    this.pass(req, res);
  }

  private pass(req: IncomingMessage, res: ServerResponse): void {
    const { tracks, clients, accounts, slowBodies } = this.plane;
    const startedAt = performance.now();
    const { track, label } = clients.pinOf(req);
    const target = tracks.route.tracks[track];
    if (target === undefined) {
      res.destroy();
      return;
    }
    const { live } = tracks.meter(track);
    const call = { ids: NO_IDS, stop: () => res.destroy() };
    live.add(call);
    if (req.method === 'POST' && hasBody(req))
      slowBodies.watchProgress(req, () => req.socket.destroy());
    this.passthrough.web(req, res, { track, target }, (outcome, firstByteAt) => {
      live.delete(call);
      accounts.finish({
        track,
        session: label,
        tool: 'http',
        outcome,
        code: null,
        startedAt,
        firstByteAt,
      });
    });
  }

  private upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { tracks, clients } = this.plane;
    const { track } = clients.pinOf(req);
    const target = tracks.route.tracks[track];
    if (target === undefined) {
      socket.destroy();
      return;
    }
    const { open } = tracks.meter(track);
    const stream: Stoppable = {
      stop: (by) => {
        if (by === 'drained') socket.destroy();
      },
    };
    open.add(stream);
    this.passthrough.upgrade(req, socket, { head, track, target }, () => open.delete(stream));
  }
}

function pathOf({ url }: IncomingMessage): string {
  const target = url ?? '/';
  const query = target.indexOf('?');
  return query === -1 ? target : target.slice(0, query);
}

/** Whoever writes an endpoint with a slash at its end means the same. */
function isEndpoint(paths: readonly string[], path: string): boolean {
  return paths.includes(path) || paths.includes(withOtherEnd(path));
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
