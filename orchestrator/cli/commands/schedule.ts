/** `canary schedule list`, `run` and `history`. */
import type { Command } from 'commander';
import { systemClock } from '../../../common/clock.js';
import {
  MAX_LISTED,
  MAX_UPCOMING,
  type RunView,
  type ScheduleHistoryReply,
  type ScheduleRunRequest,
  type SchedulesReply,
} from '../../control/run-messages.js';
import { followRun } from '../follow-run.js';
import { table } from '../format.js';
import { ask, EXIT, type ExitCode, type Io } from '../io.js';
import { wholeNumber } from '../option-values.js';
import { entryRow, scheduleText } from '../run-format.js';
import type { Runner } from '../runner.js';

interface ListFlags {
  readonly count: number;
  readonly json?: boolean;
}

interface HistoryFlags {
  readonly limit: number;
  readonly json?: boolean;
}

interface RunFlags {
  readonly force?: boolean;
  readonly wait?: boolean;
}

export function scheduleCommand(program: Command, io: Io, run: Runner): void {
  const schedule = program
    .command('schedule')
    .summary('show and start what canary.yaml schedules')
    .description('Shows, starts and remembers the runs that the schedules of canary.yaml begin.');
  schedule
    .command('list')
    .summary('show the next times and why one is held')
    .option('--count <count>', 'so many times of each', wholeNumber(1, MAX_UPCOMING), 3)
    .option('--json', 'print it as JSON')
    .action((flags: ListFlags) => run(() => list(io, flags)));
  schedule
    .command('run')
    .summary('start the run of a schedule now')
    .description('Starts the run of a schedule now, whatever its windows; a freeze holds it.')
    .argument('<schedule>', 'the schedule, as in canary.yaml')
    .option('--force', 'start it in a freeze too, and let no window end it')
    .option('--wait', 'follow the run until it is over or only a person can go on with it')
    .action((name: string, flags: RunFlags) => run(() => runNow(io, name, flags)));
  schedule
    .command('history')
    .summary('list what became of the times that were')
    .argument('[schedule]', 'one schedule only')
    .option('--limit <count>', 'at most so many', wholeNumber(1, MAX_LISTED), 20)
    .option('--json', 'print it as JSON')
    .action((name: string | undefined, flags: HistoryFlags) => run(() => history(io, name, flags)));
}

async function list(io: Io, { count, json }: ListFlags): Promise<ExitCode> {
  const reply = await ask<SchedulesReply>(io, 'GET', `/v1/schedules?count=${count}`);
  const nowMs = systemClock.now();
  if (json === true) io.out(JSON.stringify(reply, null, 2));
  else if (reply.schedules.length === 0) io.out('canary.yaml has no schedules');
  else io.out(reply.schedules.map((view) => scheduleText(view, nowMs)).join('\n\n'));
  return EXIT.ok;
}

async function runNow(io: Io, name: string, { force, wait }: RunFlags): Promise<ExitCode> {
  const body: ScheduleRunRequest = { force: force === true };
  const path = `/v1/schedules/${encodeURIComponent(name)}/run`;
  const view = await ask<RunView>(io, 'POST', path, body);
  io.out(`started ${view.id}: ${view.title}; "canary runs ${view.id}" shows it`);
  return wait === true ? followRun(io, view.id) : EXIT.ok;
}

async function history(
  io: Io,
  name: string | undefined,
  { limit, json }: HistoryFlags,
): Promise<ExitCode> {
  const query = new URLSearchParams({ limit: String(limit), ...(name && { schedule: name }) });
  const path = `/v1/schedule-history?${query.toString()}`;
  const reply = await ask<ScheduleHistoryReply>(io, 'GET', path);
  const head = ['schedule', 'time', 'outcome', 'run', 'why'];
  if (json === true) io.out(JSON.stringify(reply, null, 2));
  else if (reply.entries.length === 0) io.out('nothing yet');
  else io.out(table([head, ...reply.entries.map(entryRow)]));
  return EXIT.ok;
}
