/** The data plane as a whole: its services, the admin socket, the metrics. */
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { Clock } from '../common/clock.js';
import type { Home } from '../common/home.js';
import type { Logger } from '../common/log.js';
import { packageVersion } from '../common/package.js';
import type { Build, ProxyState } from '../common/protocol.js';
import { serveUnix, type ApiRequest, type Succession } from '../common/unix-http.js';
import type { CanaryConfig, HostPort } from '../config/types.js';
import { answerAdmin, type AdminTarget } from './admin.js';
import { ownDoors, type Doors } from './doors.js';
import { ProxyMetrics } from './metrics.js';
import { Service } from './service.js';
import { Store } from './store.js';

/** A service that is taken out of canary.yaml and comes back within a day finds its sessions. */
const FORGOTTEN_AFTER_MS = 86_400_000;

export interface ProxyParts {
  readonly config: CanaryConfig;
  readonly home: Home;
  readonly clock: Clock;
  readonly log: Logger;
  /** Without it, each service binds its port. */
  readonly doors?: Doors;
  /** Without it, nobody succeeds this proxy. */
  readonly succession?: ProxySuccession;
}

/** How a proxy is followed by another one. */
export interface ProxySuccession extends Succession {
  /** Has another one take over without a gap. Gives why not; null: it does. */
  replace(): Promise<string | null>;
}

export class Proxy implements AdminTarget {
  private readonly services = new Map<string, Service>();
  private readonly epoch = randomUUID();
  private readonly startedAtMs: number;
  private readonly build: Build;
  private readonly metrics: ProxyMetrics;
  private store: Store | null = null;
  private admin: Server | null = null;
  private metricsServer: Server | null = null;

  private readonly parts: ProxyParts;

  constructor(parts: ProxyParts) {
    this.parts = parts;
    const { config, home, clock } = parts;
    this.build = { version: packageVersion(), configDigest: config.digest };
    this.startedAtMs = clock.now();
    const { build } = this;
    const { proxyStoreFile: storeFile } = home;
    this.metrics = new ProxyMetrics({ build, storeFile }, () => this.services.values());
  }

  /**
   * Opens everything. A service that cannot listen says so in its state and tries again.
   * @throws Error when another proxy already serves the admin socket.
   */
  async open(): Promise<void> {
    const { home, config, clock, log, doors = ownDoors, succession = null } = this.parts;
    const answer = (request: ApiRequest) => answerAdmin(this, request);
    // First: a predecessor has the store until it has given way.
    this.admin = await serveUnix(home.proxySocket, answer, succession);
    const store = Store.open(home.proxyStoreFile, log);
    this.store = store;
    for (const service of Object.values(config.services)) {
      const made = new Service({
        config: service,
        store,
        epoch: this.epoch,
        clock,
        log: log.child({ service: service.name }),
        doors,
      });
      this.services.set(service.name, made);
    }
    store.forgetOthers([...this.services.keys()], clock.now() - FORGOTTEN_AFTER_MS);
    await Promise.all([...this.services.values()].map((service) => service.open()));
    this.metricsServer = await this.serveMetrics(config.proxy.metrics);
    log.info({ services: [...this.services.keys()], epoch: this.epoch }, 'canary-proxy is up');
  }

  /** Lets calls under way finish for `limitMs`, then closes everything. */
  async close(limitMs: number): Promise<void> {
    await Promise.all([...this.services.values()].map((service) => service.close(limitMs)));
    this.metricsServer?.close();
    this.metricsServer?.closeAllConnections();
    this.admin?.close();
    this.admin?.closeAllConnections();
    this.store?.close();
  }

  get state(): ProxyState {
    return {
      pid: process.pid,
      build: this.build,
      epoch: this.epoch,
      startedAtMs: this.startedAtMs,
      services: Object.fromEntries([...this.services].map(([name, { state }]) => [name, state])),
    };
  }

  async reload(): Promise<string | null> {
    const { succession } = this.parts;
    return succession === undefined ? 'nobody is there to succeed it' : succession.replace();
  }

  service(name: string): Service | undefined {
    return this.services.get(name);
  }

  /** Metrics are no reason not to serve: a port that is taken is logged. */
  private serveMetrics({ host, port }: HostPort): Promise<Server> {
    const server = createServer((req, res) => {
      if (req.url === '/healthz') {
        res.end('ok\n');
      } else if (req.url === '/metrics') {
        // A scrape that fails is no reason to end what carries the traffic.
        this.metrics.answer(res).catch((error: unknown) => {
          this.parts.log.error({ err: error }, 'cannot answer a scrape');
          res.destroy();
        });
      } else {
        res.statusCode = 404;
        res.end();
      }
    });
    return new Promise((resolve) => {
      server.once('listening', () => resolve(server));
      server.on('error', (error) => {
        this.parts.log.error({ host, port, reason: error.message }, 'cannot serve metrics');
        resolve(server);
      });
      server.listen(port, host);
    });
  }
}
