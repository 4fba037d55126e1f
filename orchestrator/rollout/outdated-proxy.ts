/** Where a running proxy and the configuration differ about a service. Pure. */
import type { ServiceState } from '../../common/protocol.js';
import type { HostPort, ServiceConfig } from '../../config/types.js';
import { formatAddress } from '../../config/units.js';
import { because } from '../refusals.js';

/** Each difference as a reason; empty when the proxy runs with this configuration. */
export function outdatedProxy(
  { listen, route }: Pick<ServiceState, 'listen' | 'route'>,
  config: Pick<ServiceConfig, 'listen' | 'stable'>,
): string[] {
  return [
    ...differs('listens on', listen, config.listen),
    ...differs('sends to', route.tracks.stable, config.stable),
  ];
}

function differs(does: string, found: HostPort, configured: HostPort): string[] {
  const [is, wanted] = [formatAddress(found), formatAddress(configured)];
  if (is === wanted) return [];
  const reason = `canary-proxy ${does} ${is}, the configuration says ${wanted}: load it anew with canary reload`;
  return [because('proxy-outdated', reason)];
}
