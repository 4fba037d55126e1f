/** `canary show`: one rollout in full, with what its release's commands printed. */
import type { Command } from 'commander';
import { systemClock } from '../../../common/clock.js';
import type { RolloutView } from '../../control/messages.js';
import { clockTime, headline, transitionText } from '../format.js';
import { ask, EXIT, type ExitCode, type Io } from '../io.js';
import { releaseText } from '../release-text.js';
import type { Runner } from '../runner.js';

export function showCommand(program: Command, io: Io, run: Runner): void {
  program
    .command('show')
    .summary('show one rollout in full')
    .description(
      'Shows a rollout from its first move to its last, and how its release was made: the commands with the end of what they printed, and the packages that changed.',
    )
    .argument('<rollout>', 'the rollout, such as mcp-scraper-7')
    .option('--json', 'print it as JSON')
    .action((id: string, { json }: { readonly json?: boolean }) =>
      run(() => show(io, id, json === true)),
    );
}

async function show(io: Io, id: string, json: boolean): Promise<ExitCode> {
  const view = await ask<RolloutView>(io, 'GET', `/v1/rollouts/${encodeURIComponent(id)}`);
  if (json) {
    io.out(JSON.stringify(view, null, 2));
    return EXIT.ok;
  }
  const nowMs = systemClock.now();
  io.out(headline(view, nowMs));
  io.out(`why: ${view.reason}`);
  io.out(`${clockTime(view.startedAtMs)}  ${view.startedBy} started it`);
  for (const transition of view.transitions) io.out(transitionText(transition));
  if (view.release !== null) io.out(releaseText(view.release, nowMs));
  return EXIT.ok;
}
