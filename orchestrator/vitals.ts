/**
 * What is looked at all the time, rollout or not: whether PM2, the proxy and the store can be
 * reached, and how each service's processes are. A scrape then waits for nobody, least of all for
 * a PM2 that hangs.
 */
import type { Clock } from '../common/clock.js';
import type { Track } from '../common/protocol.js';
import type { CanaryConfig, ServiceConfig } from '../config/types.js';
import { instanceOf, treeRssBytes } from './proc/tree.js';
import type { ProxyClient } from './proxy-client.js';
import type { Store } from './store/store.js';
import type { App, ProcessManager } from './process-manager.js';

const LOOK_EVERY_MS = 5_000;

/** One app of a service, as PM2 has it. */
export interface AppVitals {
  readonly service: string;
  readonly track: Track;
  /** PM2's count of its restarts. */
  readonly restarts: number;
  /** Of the whole process tree; null without a process. */
  readonly rssBytes: number | null;
}

export interface Vitals {
  readonly pm2Up: boolean;
  readonly proxyUp: boolean;
  readonly storeUp: boolean;
  /** Empty while PM2 cannot be reached. */
  readonly apps: readonly AppVitals[];
}

export interface VitalSignsParts {
  readonly config: CanaryConfig;
  readonly pm2: Pick<ProcessManager, 'list'>;
  readonly proxy: Pick<ProxyClient, 'state'>;
  readonly store: Pick<Store, 'isWritable'>;
  readonly clock: Clock;
}

export class VitalSigns {
  readonly #parts: VitalSignsParts;
  #newest: Vitals | null = null;

  constructor(parts: VitalSignsParts) {
    this.#parts = parts;
  }

  /** Null before the first look. */
  get newest(): Vitals | null {
    return this.#newest;
  }

  /** Looks again and again until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#newest = await this.#look();
      await this.#parts.clock.sleep(LOOK_EVERY_MS, signal);
    }
  }

  async #look(): Promise<Vitals> {
    const { config, pm2, proxy, store } = this.#parts;
    const [apps, state] = await Promise.all([pm2.list(), proxy.state()]);
    const found = apps.kind === 'ok' ? apps.value : [];
    return {
      pm2Up: apps.kind === 'ok',
      proxyUp: state.kind === 'ok',
      storeUp: store.isWritable(),
      apps: Object.values(config.services).flatMap((service) => appsOf(service, found)),
    };
  }
}

function appsOf(
  { name: service, app, canaryApp, baseline }: ServiceConfig,
  found: readonly App[],
): AppVitals[] {
  const names = { stable: app, canary: canaryApp, baseline: baseline?.app };
  return Object.entries(names).flatMap(([track, name]) => {
    const view = found.find((each) => each.name === name);
    if (view === undefined) return [];
    const { pid, restarts } = view;
    const rssBytes = pid === null || instanceOf(pid) === null ? null : treeRssBytes(pid);
    return [{ service, track: track as Track, restarts, rssBytes }];
  });
}
