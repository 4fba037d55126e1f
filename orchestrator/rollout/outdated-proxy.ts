/** Where a running proxy and the configuration differ about a service. Pure. */
import type { ServiceState } from '../../common/protocol.js';
import type { ServiceConfig } from '../../config/types.js';
import { because } from '../refusals.js';

/** Each difference as a reason; empty when the proxy runs with this configuration. */
export function outdatedProxy(
  { listen, route }: Pick<ServiceState, 'listen' | 'route'>,
  config: Pick<ServiceConfig, 'listen' | 'stable'>,
): string[] {
  const reasons: string[] = [];
  if (listen.host !== config.listen.host || listen.port !== config.listen.port) {
    reasons.push(
      because(
        'proxy-outdated',
        `canary-proxy listens on port ${listen.port}, the configuration says ${config.listen.port}: load it anew with canary reload`,
      ),
    );
  }
  const { stable } = route.tracks;
  if (stable.port !== config.stable.port) {
    reasons.push(
      because(
        'proxy-outdated',
        `canary-proxy sends to port ${stable.port}, the configuration says ${config.stable.port}: load it anew with canary reload`,
      ),
    );
  }
  return reasons;
}
