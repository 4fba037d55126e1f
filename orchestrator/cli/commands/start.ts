/** `canary start`: plans a canary, begins it and, with --wait, follows it to its end. */
import { Option, type Command } from 'commander';
import { systemClock } from '../../../common/clock.js';
import type { OnRollback } from '../../../config/groups.js';
import { parseDuration, parseSteps, parseWeight, WINDOW_BOUNDS } from '../../../config/units.js';
import type { PlanReply, ServiceView, StartReply, StartRequest } from '../../control/messages.js';
import { MAX_MEMBERS } from '../../control/run-messages.js';
import { follow } from '../follow.js';
import { planText } from '../format.js';
import { ask, CommandError, EXIT, type ExitCode, type Io } from '../io.js';
import { collect, wholeNumber } from '../option-values.js';
import { releaseFromEcosystem, releaseFromFlags, type ReleaseFlags } from '../release.js';
import { flag, wishesFrom, type WishFlags } from '../release-wishes.js';
import type { Runner } from '../runner.js';
import { startRun } from '../start-run.js';
import { withProgress } from '../terminal/progress.js';

interface StartFlags extends ReleaseFlags, WishFlags {
  readonly from?: string;
  readonly weight?: string;
  readonly window?: string;
  readonly steps?: string;
  readonly skipSmoke?: boolean;
  readonly allowBreaking?: boolean;
  readonly group?: string;
  readonly parallel?: number;
  readonly onRollback?: OnRollback;
  readonly wait?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const HELP = `
The release is main's spec with what you name here: flags, or the app's entry in an ecosystem
file (what you edit before a "pm2 reload"), or nothing (same spec, new code on disk). With --version
or --set it is made first, as release.prepare in canary.yaml says.

Several services, or a group of canary.yaml, are one run: one after the other or --parallel at a
time. The run goes on without this command; see it with "canary runs".

Exit codes: 0 started (with --wait: promoted), 1 failed, 2 usage or configuration,
3 rolled back, 4 held for a person.

Examples:
  canary start mcp-scraper --cwd /srv/scraper-1.4.0 --dry-run
  canary start mcp-scraper --interpreter /srv/scraper-1.4.0/.venv/bin/python --wait
  canary start mcp-scraper --version 1.4.0 --set mcp=1.23.2
  canary start mcp-scraper --from ecosystem.config.js --steps "10% for 30m, 50% for 1h"
  canary start --group nightly --from ecosystem.config.js --wait`;

export function startCommand(program: Command, io: Io, run: Runner): void {
  program
    .command('start')
    .summary('start a canary')
    .description('Starts a canary of a service and gives it a share of the new sessions.')
    .argument('[services...]', 'the service, or several, as in canary.yaml')
    .option('--group <name>', 'the services of a group of canary.yaml')
    .option(
      '--parallel <count>',
      'with several services: so many at a time',
      wholeNumber(1, MAX_MEMBERS),
    )
    .addOption(
      new Option('--on-rollback <what>', 'with several services: after one was taken back').choices(
        ON_ROLLBACK,
      ),
    )
    .option('--script <path>', 'the new script, relative to --cwd')
    .option(
      '--cwd <folder>',
      'the new working directory; what main runs from its own is run from this one',
    )
    .option(
      '--interpreter <command>',
      "the new interpreter, such as a virtual environment's python",
    )
    .option('--args <text>', 'the new arguments, all of them')
    .option('--env <key=value>', 'a changed or new variable (repeatable)', collect)
    .option('--unset-env <key>', 'a variable that the release drops (repeatable)', collect)
    .option('--version <version>', 'the version that release.prepare makes')
    .option('--set <name=value>', 'a value that release.prepare asks for (repeatable)', collect)
    .option('--from <file>', "take the release from the app's entry in an ecosystem file")
    .option('--weight <share>', 'share of the new sessions, such as 10%')
    .option('--window <duration>', 'how long the canary is observed, such as 2h')
    .option('--steps <steps>', 'several weights, such as "10% for 30m, 50% for 1h"')
    .option('--skip-smoke', 'leave out the calls of the smoke test')
    .option('--allow-breaking', "go on where the canary's contract breaks main's")
    .option('--wait', 'follow the rollout until it is promoted, rolled back or held')
    .option('--dry-run', 'print the plan and start nothing')
    .option('--json', 'print the answer as JSON')
    .addHelpText('after', HELP)
    .action((services: readonly string[], flags: StartFlags) =>
      run(() => startAny(io, services, flags)),
    );
}

const ON_ROLLBACK = ['stop', 'continue'] satisfies OnRollback[];

/** One service is a rollout; several are a run of rollouts. */
async function startAny(io: Io, services: readonly string[], flags: StartFlags): Promise<ExitCode> {
  const { group, parallel, onRollback } = flags;
  const [service, ...more] = services;
  if (group === undefined && service !== undefined && more.length === 0) {
    if (parallel === undefined && onRollback === undefined) return start(io, service, flags);
    throw new CommandError('--parallel and --on-rollback go with several services', EXIT.usage);
  }
  if (group !== undefined && service !== undefined) {
    throw new CommandError('--group goes without services', EXIT.usage);
  }
  if (group === undefined && service === undefined) {
    throw new CommandError('wanted a service, several, or --group NAME', EXIT.usage);
  }
  if (flags.dryRun === true) {
    throw new CommandError('--dry-run goes with one service', EXIT.usage);
  }
  const order = { group: group ?? null, services, parallel, onRollback, wait: flags.wait };
  return startRun(io, order, (each) => requestFrom(io, each, flags), flags.json === true);
}

async function start(io: Io, service: string, flags: StartFlags): Promise<ExitCode> {
  const request = await requestFrom(io, service, flags);
  const path = `/v1/services/${encodeURIComponent(service)}/start`;
  const asking = ask<PlanReply | StartReply>(io, 'POST', path, request);
  const reply = await withProgress(io, systemClock, () => `planning ${service}`, asking);
  if (flags.json === true) io.out(JSON.stringify(reply, null, 2));
  else io.out(planText(reply.plan));
  if (!('rollout' in reply)) return EXIT.ok;
  if (flags.json !== true) io.out(`started ${reply.rollout.id}`);
  return flags.wait === true ? follow(io, reply.rollout.id) : EXIT.ok;
}

async function requestFrom(io: Io, service: string, flags: StartFlags): Promise<StartRequest> {
  const { from, steps, weight, window } = flags;
  if (steps !== undefined && (weight ?? window) !== undefined) {
    throw new CommandError('--steps goes without --weight and --window', EXIT.usage);
  }
  const named = releaseFromFlags(flags, io.cwd);
  if (from !== undefined && Object.keys(named).length > 0) {
    throw new CommandError('--from goes without other flags for the release', EXIT.usage);
  }
  const release =
    from === undefined ? named : await releaseFromEcosystem(from, await appOf(io, service), io);
  return {
    release,
    ...wishesFrom(flags),
    ...(steps === undefined ? {} : { steps: flag('--steps', steps, parseSteps) }),
    ...(weight === undefined ? {} : { weight: flag('--weight', weight, parseWeight) }),
    ...(window === undefined
      ? {}
      : { windowMs: flag('--window', window, (text) => parseDuration(text, WINDOW_BOUNDS)) }),
    ...(flags.skipSmoke === true ? { skipSmoke: true } : {}),
    ...(flags.allowBreaking === true ? { allowBreaking: true } : {}),
    dryRun: flags.dryRun === true,
  };
}

/** The PM2 app that a service stands for. */
async function appOf(io: Io, service: string): Promise<string> {
  const view = await ask<ServiceView>(io, 'GET', `/v1/services/${encodeURIComponent(service)}`);
  return view.app;
}
