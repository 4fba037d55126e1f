/** Begins a run of several services and, when that is wanted, follows it to its end. */
import type { OnRollback } from '../../config/groups.js';
import type { GroupsReply, RunRequest, RunView } from '../control/run-messages.js';
import type { StartRequest } from '../control/messages.js';
import { followRun } from './follow-run.js';
import { ask, CommandError, EXIT, type ExitCode, type Io } from './io.js';

export interface RunWish {
  /** Instead of services. */
  readonly group: string | null;
  readonly services: readonly string[];
  readonly parallel: number | undefined;
  readonly onRollback: OnRollback | undefined;
  readonly wait: boolean | undefined;
}

/** `requestFor` gives what is started for a service. */
export async function startRun(
  io: Io,
  { group, services, parallel, onRollback, wait }: RunWish,
  requestFor: (service: string) => Promise<StartRequest>,
  json: boolean,
): Promise<ExitCode> {
  const members = group === null ? services : await servicesOf(io, group);
  const requests: Record<string, StartRequest> = {};
  for (const service of members) requests[service] = await requestFor(service);
  const body: RunRequest = {
    group,
    services: [...services],
    requests,
    parallel: parallel ?? null,
    onRollback: onRollback ?? null,
  };
  const run = await ask<RunView>(io, 'POST', '/v1/runs', body);
  if (json) io.out(JSON.stringify(run, null, 2));
  else io.out(`started ${run.id}: ${run.title}; "canary runs ${run.id}" shows it`);
  return wait === true ? followRun(io, run.id) : EXIT.ok;
}

async function servicesOf(io: Io, group: string): Promise<readonly string[]> {
  const { groups } = await ask<GroupsReply>(io, 'GET', '/v1/groups');
  const found = groups.find(({ name }) => name === group);
  if (found !== undefined) return found.services;
  const names = groups.map(({ name }) => name).join(', ') || 'none';
  throw new CommandError(`there is no group ${group} in canary.yaml: it has ${names}`, EXIT.usage);
}
