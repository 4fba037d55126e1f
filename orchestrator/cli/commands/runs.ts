/** `canary runs` and `canary cancel`: runs of several services. */
import type { Command } from 'commander';
import { systemClock } from '../../../common/clock.js';
import type { SteerRequest } from '../../control/messages.js';
import { MAX_LISTED, type RunsReply, type RunView } from '../../control/run-messages.js';
import { followRun } from '../follow-run.js';
import { table } from '../format.js';
import { ask, CommandError, EXIT, type ExitCode, type Io } from '../io.js';
import { wholeNumber } from '../option-values.js';
import { runRow, runText } from '../run-format.js';
import type { Runner } from '../runner.js';

interface RunsFlags {
  readonly limit: number;
  readonly wait?: boolean;
  readonly json?: boolean;
}

export function runCommands(program: Command, io: Io, run: Runner): void {
  program
    .command('runs')
    .summary('show runs of several services')
    .description(
      'Lists the runs of several services, newest first, or shows one with the result of each service.',
    )
    .argument('[run]', 'one run, such as run-3')
    .option('--limit <count>', 'at most so many', wholeNumber(1, MAX_LISTED), 20)
    .option('--wait', 'follow the run until it is over or only a person can go on with it')
    .option('--json', 'print it as JSON')
    .action((id: string | undefined, flags: RunsFlags) =>
      run(() => (id === undefined ? list(io, flags) : show(io, id, flags))),
    );
  program
    .command('cancel')
    .summary('begin no further service of a run')
    .description(
      'Leaves out the services of a run that have not begun. Those under way go on; "canary rollback SERVICE" takes one back.',
    )
    .argument('<run>', 'the run, such as run-3')
    .option('--reason <text>', 'kept in the report')
    .action((id: string, { reason }: { readonly reason?: string }) =>
      run(async () => {
        const body: SteerRequest = { reason: reason ?? null };
        const view = await ask<RunView>(io, 'POST', `${pathOf(id)}/cancel`, body);
        io.out(`${view.id}: no further service is begun`);
        return EXIT.ok;
      }),
    );
}

const pathOf = (id: string): string => `/v1/runs/${encodeURIComponent(id)}`;

async function list(io: Io, { limit, wait, json }: RunsFlags): Promise<ExitCode> {
  if (wait === true) throw new CommandError('--wait goes with one run', EXIT.usage);
  const reply = await ask<RunsReply>(io, 'GET', `/v1/runs?limit=${limit}`);
  if (json === true) io.out(JSON.stringify(reply, null, 2));
  else if (reply.runs.length === 0) io.out('no run yet');
  else io.out(table([['run', 'started', 'took', 'of', 'services'], ...reply.runs.map(runRow)]));
  return EXIT.ok;
}

async function show(io: Io, id: string, { wait, json }: RunsFlags): Promise<ExitCode> {
  if (wait === true) return followRun(io, id);
  const view = await ask<RunView>(io, 'GET', pathOf(id));
  io.out(json === true ? JSON.stringify(view, null, 2) : runText(view, systemClock.now()));
  return EXIT.ok;
}
