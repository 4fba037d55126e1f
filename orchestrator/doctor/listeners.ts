/** Whether canary-proxy listens where the configuration says, for each service. */
import { formatAddress } from '../../config/units.js';
import type { ServiceConfig } from '../../config/types.js';
import type { ProxyState } from '../../common/protocol.js';
import { failure, ok, type Diagnosis } from './diagnosis.js';
import { servicesOf, type Facts } from './facts.js';

const RELOAD = 'canary reload';

export function checkListeners(facts: Facts): Diagnosis[] {
  const { proxy } = facts;
  if (proxy.kind === 'down') return [];
  return servicesOf(facts).map((service) => checkListener(service, proxy.value));
}

function checkListener({ name, listen }: ServiceConfig, { services }: ProxyState): Diagnosis {
  const check = `${name} listen`;
  const state = services[name];
  if (state === undefined) return failure(check, 'canary-proxy does not know it', RELOAD);
  if (!state.listening) {
    const message = `canary-proxy cannot listen on ${formatAddress(state.listen)}: ${state.listenError ?? 'unknown'}`;
    return failure(check, message, 'free the port (the app itself may still have it)');
  }
  if (formatAddress(state.listen) !== formatAddress(listen)) {
    const message = `canary-proxy listens on ${formatAddress(state.listen)}, configured is ${formatAddress(listen)}`;
    return failure(check, message, RELOAD);
  }
  return ok(check, `canary-proxy serves agents on ${formatAddress(listen)}`);
}
