/** A service without a rollout has all its traffic on main, whatever the proxy remembers. */
import type { Clock } from '../../common/clock.js';
import type { Logger } from '../../common/log.js';
import type { ServiceConfig } from '../../config/types.js';
import type { ProxyClient } from '../proxy-client.js';
import { sameRoute, stableOnly } from './route.js';

const RETRY_MS = 2_000;

export interface IdleRouteParts {
  readonly proxy: ProxyClient;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Tries until the proxy has the service's route, or a rollout has the say: `isIdle` is asked before each step. */
export async function putIdleRouteRight(
  { proxy, clock, log }: IdleRouteParts,
  service: ServiceConfig,
  isIdle: () => boolean,
  signal: AbortSignal,
): Promise<void> {
  const route = stableOnly(service);
  while (!signal.aborted && isIdle()) {
    const state = await proxy.state();
    if (state.kind === 'ok') {
      const found = state.value.services[service.name];
      if (found === undefined || sameRoute(found.route, route)) return;
      if (!isIdle()) return;
      log.warn({ service: service.name }, 'the proxy had a route without a rollout');
      if ((await proxy.setRoute(service.name, route)).kind === 'ok') return;
    }
    await clock.sleep(RETRY_MS, signal);
  }
}
