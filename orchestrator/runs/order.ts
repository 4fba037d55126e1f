/** From what a person asks for to a run that can be begun (pure). */
import type { GroupConfig } from '../../config/groups.js';
import type { CanaryConfig } from '../../config/types.js';
import { no, ok, type Answer } from '../answer.js';
import type { RunRequest } from '../control/run-messages.js';
import type { RunOrder } from './run.js';

type Known = Pick<CanaryConfig, 'file' | 'services' | 'groups'>;

/** The order, or what speaks against it. */
export function orderFrom(config: Known, asked: RunRequest): Answer<RunOrder> {
  const group = config.groups.find(({ name }) => name === asked.group) ?? null;
  const services = group?.services ?? asked.services;
  const problem = problemWith(config, asked, group, services);
  if (problem !== null) return no('usage', problem);
  return ok({
    title: group === null ? services.join(', ') : `group ${group.name}`,
    members: services.flatMap((service) => {
      const request = asked.requests[service];
      return request === undefined ? [] : [{ service, request }];
    }),
    parallel: asked.parallel ?? group?.parallel ?? 1,
    onRollback: asked.onRollback ?? group?.onRollback ?? 'stop',
    onlyIfChanged: false,
    window: null,
  });
}

function problemWith(
  { file, services: known, groups }: Known,
  asked: RunRequest,
  group: GroupConfig | null,
  services: readonly string[],
): string | null {
  if ((asked.group === null) === (asked.services.length === 0)) {
    return 'either services or a group are wanted';
  }
  if (asked.group !== null && group === null) {
    const names = groups.map(({ name }) => name).join(', ');
    return `there is no group ${asked.group} in ${file}: it has ${names || 'none'}`;
  }
  const strange = services.find((name) => known[name] === undefined);
  if (strange !== undefined) {
    return `there is no service ${strange} in ${file}: it has ${Object.keys(known).join(', ')}`;
  }
  const twice = services.find((name, index) => services.indexOf(name) !== index);
  if (twice !== undefined) return `${twice} is named twice`;
  const without = services.find((name) => !Object.hasOwn(asked.requests, name));
  return without === undefined ? null : `requests: nothing is asked for ${without}`;
}
