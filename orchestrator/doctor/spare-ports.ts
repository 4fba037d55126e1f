/** Whether the ports for canaries and baselines are free, where no rollout is under way. */
import type { ServiceConfig } from '../../config/types.js';
import { portHolder } from '../proc/ports.js';
import { failure, ok, type Diagnosis } from './diagnosis.js';
import { liveRollouts, servicesOf, type Facts } from './facts.js';

export function checkSparePorts(facts: Facts): Diagnosis[] {
  const live = liveRollouts(facts);
  return servicesOf(facts)
    .filter(({ name }) => live?.has(name) !== true)
    .map(checkPorts);
}

function checkPorts({ name, canary, baseline }: ServiceConfig): Diagnosis {
  const check = `${name} ports`;
  const ports = [canary.port, ...(baseline === null ? [] : [baseline.at.port])];
  const taken = ports.flatMap((port) => {
    const holder = portHolder(port);
    return holder === null ? [] : [`port ${port} is taken by process ${holder}`];
  });
  return taken.length === 0
    ? ok(check, `${ports.join(' and ')} ${ports.length > 1 ? 'are' : 'is'} free for a canary`)
    : failure(check, taken.join('; '), 'end that process, or choose another port');
}
