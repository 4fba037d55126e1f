/** `canary status` and `canary history`: what is, and what was. */
import type { Command } from 'commander';
import { systemClock } from '../../../common/clock.js';
import {
  MAX_HISTORY,
  type HistoryReply,
  type ServiceView,
  type StatusReply,
} from '../../control/messages.js';
import { historyRow, serviceText, table } from '../format.js';
import { ask, EXIT, tryAsk, type ExitCode, type Io } from '../io.js';
import { wholeNumber } from '../option-values.js';
import { watch } from '../watch/watch.js';
import type { Runner } from '../runner.js';

interface JsonFlag {
  readonly json?: boolean;
}

interface StatusFlags extends JsonFlag {
  readonly watch?: boolean;
}

export function statusCommand(program: Command, io: Io, run: Runner): void {
  program
    .command('status')
    .summary('show where things stand')
    .description(
      'Shows each service, its rollout, what both instances carry, and the checks with their numbers.',
    )
    .argument('[service]', 'one service only')
    .option('-w, --watch', 'show it until Ctrl-C; where the output is no terminal, a line a change')
    .option('--json', 'print it as JSON; with --watch a line of it a change')
    .action((service: string | undefined, flags: StatusFlags) =>
      run(() =>
        flags.watch === true ? watchStatus(io, service, flags) : status(io, service, flags),
      ),
    );
}

async function watchStatus(
  io: Io,
  service: string | undefined,
  { json }: StatusFlags,
): Promise<ExitCode> {
  // Who asks for a service that there is not is told so, if anybody can tell.
  if (service !== undefined) await tryAsk(io, `/v1/services/${encodeURIComponent(service)}`);
  return watch(io, systemClock, service ?? null, json === true);
}

async function status(io: Io, service: string | undefined, { json }: JsonFlag): Promise<ExitCode> {
  const reply =
    service === undefined
      ? await ask<StatusReply>(io, 'GET', '/v1/status')
      : await ask<ServiceView>(io, 'GET', `/v1/services/${encodeURIComponent(service)}`);
  if (json === true) {
    io.out(JSON.stringify(reply, null, 2));
    return EXIT.ok;
  }
  const nowMs = systemClock.now();
  if (!('services' in reply)) {
    io.out(serviceText(reply, nowMs));
    return EXIT.ok;
  }
  if (!reply.pm2.up) io.out(`PM2 does not answer: ${reply.pm2.reason ?? ''}\n`);
  if (!reply.proxy.up) io.out(`canary-proxy does not answer: ${reply.proxy.reason ?? ''}\n`);
  io.out(reply.services.map((view) => serviceText(view, nowMs)).join('\n\n'));
  return EXIT.ok;
}

interface HistoryFlags extends JsonFlag {
  readonly limit: number;
}

export function historyCommand(program: Command, io: Io, run: Runner): void {
  program
    .command('history')
    .summary('list the rollouts that were')
    .description('Lists rollouts, newest first, with how each ended and why.')
    .argument('[service]', 'one service only')
    .option('--limit <count>', 'at most so many', wholeNumber(1, MAX_HISTORY), 20)
    .option('--json', 'print it as JSON, with all transitions and their numbers')
    .action((service: string | undefined, flags: HistoryFlags) =>
      run(() => history(io, service, flags)),
    );
}

async function history(
  io: Io,
  service: string | undefined,
  { limit, json }: HistoryFlags,
): Promise<ExitCode> {
  const query = new URLSearchParams({ limit: String(limit), ...(service && { service }) });
  const reply = await ask<HistoryReply>(io, 'GET', `/v1/history?${query.toString()}`);
  if (json === true) io.out(JSON.stringify(reply, null, 2));
  else if (reply.rollouts.length === 0) io.out('no rollout yet');
  else {
    const head = ['rollout', 'started', 'took', 'result', 'why'];
    io.out(table([head, ...reply.rollouts.map(historyRow)]));
  }
  return EXIT.ok;
}
