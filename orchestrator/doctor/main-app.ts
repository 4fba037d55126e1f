/** Whether each service's main runs, alone, and has its stable port. */
import { formatAddress } from '../../config/units.js';
import type { ServiceConfig } from '../../config/types.js';
import { portOwner } from '../proc/ports.js';
import { failure, ok, type Diagnosis } from './diagnosis.js';
import { servicesOf, type Facts } from './facts.js';

export function checkMains(facts: Facts): Diagnosis[] {
  return facts.apps.kind === 'ok'
    ? servicesOf(facts).map((service) => checkMain(facts, service))
    : [];
}

function checkMain({ apps, daemon }: Facts, service: ServiceConfig): Diagnosis {
  const { name, app, stable } = service;
  const check = `${name} main`;
  const found = apps.kind === 'ok' ? apps.value.filter((each) => each.name === app) : [];
  const [main, ...others] = found;
  if (main === undefined) {
    return failure(check, `PM2 has no app ${app}`, `start it, or set app in canary.yaml`);
  }
  if (others.length > 0) {
    const message = `PM2 runs ${found.length} apps ${app}; a canary needs exactly one`;
    return failure(check, message, `pm2 scale ${app} 1, or give the others other names`);
  }
  if (main.status !== 'online' || main.pid === null) {
    const message = `${app} is ${main.status}${main.pid === null ? ', without a process' : ''}`;
    return failure(check, message, `pm2 logs ${app}, pm2 restart ${app}`);
  }
  const owner = portOwner(stable.port, main.pid, daemon.kind === 'ok' ? daemon.value.pid : null);
  if (owner.kind === 'tree' || owner.kind === 'daemon') {
    return ok(check, `${app} (pid ${main.pid}) listens on ${formatAddress(stable)}`);
  }
  const who = owner.kind === 'nobody' ? 'nobody does' : `process ${owner.pid ?? '?'} does`;
  const message = `${app} does not listen on its stable port ${stable.port}: ${who}`;
  return failure(check, message, 'set stable to where it listens, or start it on that port');
}
