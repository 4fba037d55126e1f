/** `canary promote`, `rollback`, `pause`, `resume`: a person's orders to the rollout under way. */
import type { Command } from 'commander';
import type { RolloutView, SteerRequest } from '../../control/messages.js';
import type { RequestKind } from '../../rollout/rollout.js';
import { follow } from '../follow.js';
import { ask, EXIT, type ExitCode, type Io } from '../io.js';
import type { Runner } from '../runner.js';

interface SteerFlags {
  readonly reason?: string;
  readonly wait?: boolean;
}

const VERBS: readonly (readonly [RequestKind, string, string])[] = [
  [
    'promote',
    'promote the canary now',
    'Gives main the new release without a gap, whatever the window says. While the canary still starts, it is promoted once it is ready; while main bakes, the baking ends.',
  ],
  [
    'rollback',
    'take the canary back now',
    'Moves the traffic and the sessions to main first, then removes the canary. If main already has the new release, it gets its old one back.',
  ],
  [
    'pause',
    'hold the rollout where it is',
    'Stops the window. The canary keeps its share and is still judged: a failure still rolls it back.',
  ],
  [
    'resume',
    'go on after a pause or a gate',
    'Opens a gate: the next step begins. After a pause it goes on with what was left of the step; a step that had run out gets its whole window again.',
  ],
];

export function steerCommands(program: Command, io: Io, run: Runner): void {
  for (const [kind, summary, description] of VERBS) {
    program
      .command(kind)
      .summary(summary)
      .description(description)
      .argument('<service>', 'the service, as in canary.yaml')
      .option('--reason <text>', 'kept in the history')
      .option('--wait', 'follow the rollout until it is promoted, rolled back or held')
      .action((service: string, flags: SteerFlags) => run(() => steer(io, kind, service, flags)));
  }
}

async function steer(
  io: Io,
  kind: RequestKind,
  service: string,
  { reason, wait }: SteerFlags,
): Promise<ExitCode> {
  const body: SteerRequest = { reason: reason ?? null };
  const path = `/v1/services/${encodeURIComponent(service)}/${kind}`;
  const view = await ask<RolloutView>(io, 'POST', path, body);
  io.out(`${view.id}: ${kind} is under way (it is ${view.phase} now)`);
  return wait === true ? follow(io, view.id) : EXIT.ok;
}
