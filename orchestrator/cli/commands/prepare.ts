/** `canary prepare`: a service's release made by hand, without a rollout and without an orchestrator. */
import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { systemClock } from '../../../common/clock.js';
import { createPm2 } from '../../pm2/adapter.js';
import { planRehearsal, type Rehearsal } from '../../release/rehearsal.js';
import { stateOf } from '../../release/record.js';
import { CommandError, EXIT, type ExitCode, type Io } from '../io.js';
import { localConfig, serviceIn } from '../local-config.js';
import { collect } from '../option-values.js';
import { printable } from '../printable.js';
import { releaseText } from '../release-text.js';
import { wishesFrom, type WishFlags } from '../release-wishes.js';
import type { Runner } from '../runner.js';
import { withProgress } from '../terminal/progress.js';

const PM2_TIMEOUT_MS = 10_000;

interface PrepareFlags extends WishFlags {
  readonly config?: string;
  readonly json?: boolean;
}

const HELP = `
The commands of release.prepare run as for a rollout, in a folder of its own, but with the environment
of this shell. Then it is looked whether main could run from there, and which packages differ from
main's. The folder is removed again. Main is not touched.

Exit codes: 0 it can be made and run, 1 it cannot, or the pins refuse it, 2 usage or configuration.

Examples:
  canary prepare mcp-scraper --version 1.4.0
  canary prepare mcp-scraper --version 1.4.0 --set mcp=1.23.2 --json`;

export function prepareCommand(program: Command, io: Io, run: Runner): void {
  program
    .command('prepare')
    .summary('make a release to see what it changes')
    .description('Makes a release without a rollout, shows what became of it, and removes it.')
    .argument('<service>', 'the service, as in canary.yaml')
    .option('--version <version>', 'the version that release.prepare makes')
    .option('--set <name=value>', 'a value that release.prepare asks for (repeatable)', collect)
    .option('--config <file>', 'the configuration file')
    .option('--json', 'print it as JSON')
    .addHelpText('after', HELP)
    .action((service: string, flags: PrepareFlags) => run(() => prepare(io, service, flags)));
}

async function prepare(io: Io, name: string, flags: PrepareFlags): Promise<ExitCode> {
  const rehearsal = await planned(io, name, flags);
  const forget = io.onEnd?.(() => void rehearsal.stop());
  const left = await withProgress(io, systemClock, () => doing(rehearsal), rehearsal.run());
  forget?.();
  const { release, record } = rehearsal;
  const view = { ...release, removed: left === null, preparation: record };
  if (flags.json === true) io.out(JSON.stringify(view, null, 2));
  else io.out(releaseText(printable(view) as typeof view, systemClock.now()));
  if (left !== null) io.err(`${release.dir} could not be removed: ${left}`);
  return record.failure === null ? EXIT.ok : EXIT.failed;
}

async function planned(io: Io, name: string, flags: PrepareFlags): Promise<Rehearsal> {
  const config = localConfig(io, flags.config);
  const parts = {
    pm2: createPm2({ home: config.pm2Home, timeoutMs: PM2_TIMEOUT_MS }),
    clock: systemClock,
    env: io.env,
    random: () => randomBytes(4).toString('hex'),
  };
  const plan = await planRehearsal(parts, serviceIn(config, name), wishesFrom(flags));
  if (plan.ok) return plan.rehearsal;
  throw new CommandError(plan.reasons.join('\n'), plan.code === 'usage' ? EXIT.usage : EXIT.failed);
}

function doing({ record }: Rehearsal): string {
  const state = stateOf(record);
  return state.kind === 'running' ? `preparing: ${state.doing}` : 'removing the release';
}
