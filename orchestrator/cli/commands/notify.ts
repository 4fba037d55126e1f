/** `canary notify test`: shows whether notifications arrive. */
import type { Command } from 'commander';
import type { NotifyTestReply } from '../../control/messages.js';
import { table } from '../format.js';
import { ask, EXIT, type ExitCode, type Io } from '../io.js';
import type { Runner } from '../runner.js';

export function notifyCommand(program: Command, io: Io, run: Runner): void {
  program
    .command('notify')
    .summary('send a sample notification')
    .description('Notifications: who is told of what stands under `notify` in canary.yaml.')
    .command('test')
    .summary('send a sample notification')
    .description(
      'Has the orchestrator send a sample to all receivers, or to one, whatever their filters say. Exit code 1 when one did not arrive.',
    )
    .argument('[receiver]', 'one receiver only, by its name')
    .action((receiver: string | undefined) => run(() => test(io, receiver)));
}

async function test(io: Io, receiver: string | undefined): Promise<ExitCode> {
  const query = receiver === undefined ? '' : `?name=${encodeURIComponent(receiver)}`;
  const { results } = await ask<NotifyTestReply>(io, 'POST', `/v1/notify/test${query}`);
  const rows = results.map((result) => [
    result.receiver,
    result.kind,
    result.failure ?? 'has arrived',
  ]);
  io.out(table(rows));
  return results.every(({ failure }) => failure === null) ? EXIT.ok : EXIT.failed;
}
