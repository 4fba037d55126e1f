/** `canary init`: writes a first canary.yaml from what PM2 runs. It changes nothing in PM2. */
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { packageRoot } from '../../../common/package.js';
import { CONFIG_FILE } from '../../../config/find.js';
import { loadConfigText } from '../../../config/load.js';
import { formatProblems } from '../../../config/problem.js';
import { pm2HomeOf } from '../../../config/resolve.js';
import type { Survey } from '../../init/survey.js';
import { createPm2 } from '../../pm2/adapter.js';
import type { AppView } from '../../pm2/app.js';
import { listenersSeenBy, treeListeners } from '../../proc/listeners.js';
import { CommandError, EXIT, type ExitCode, type Io } from '../io.js';
import { writeNewOutput, writeOutput } from '../output-file.js';
import type { Runner } from '../runner.js';

const PM2_TIMEOUT_MS = 5_000;

interface InitFlags {
  readonly output: string;
  readonly force?: boolean;
}

export function initCommand(program: Command, io: Io, run: Runner): void {
  program
    .command('init')
    .summary('write a first canary.yaml from what PM2 runs')
    .description(
      "Looks at the apps that PM2 runs, finds each one's port in its process tree, asks the port what it speaks, and writes a canary.yaml that says what was found and what you must decide. Nothing is changed in PM2.",
    )
    .option('-o, --output <file>', 'where to write; - is the standard output', CONFIG_FILE)
    .option('--force', 'replace a file that is there')
    .action((flags: InitFlags) => run(() => init(io, flags)));
}

async function init(io: Io, { output, force }: InitFlags): Promise<ExitCode> {
  const pm2Home = pm2HomeOf(io.env);
  const { draftConfig } = await import('../../init/draft.js');
  const { isOurs } = await import('../../init/survey.js');
  const { apps, found } = await look(pm2Home);
  const ours = new Set(apps.filter(isOurs).flatMap(({ pid }) => (pid ? portsOf(pid) : [])));
  const listening = listenersSeenBy('self').map(({ port }) => port);
  const taken = [...listening.filter((port) => !ours.has(port)), ...apps.flatMap(namedPorts)];
  const text = draftConfig(found, {
    taken,
    pm2Home: io.env['PM2_HOME'] ? pm2Home : null,
    schemaFile: join(packageRoot(), 'dist', 'config', 'canary.schema.json'),
  });
  if (text === null) {
    const why = found.leftOut.map((left) => `\n  ${left.name}: ${left.why}`).join('');
    throw new CommandError(`PM2 runs no app that could have a canary${why}`, EXIT.failed);
  }
  const loaded = loadConfigText(output, text, io.env);
  if (!loaded.ok) {
    throw new Error(`the draft is faulty: ${formatProblems(loaded.problems, { color: false })}`);
  }
  if (output === '-') {
    io.out(text.trimEnd());
    return EXIT.ok;
  }
  if (force === true) await writeOutput(io, output, text);
  else await writeNewOutput(io, output, text, '--force replaces it, -o names another');
  io.out(summary(resolve(io.cwd, output), found));
  return EXIT.ok;
}

async function look(
  pm2Home: string,
): Promise<{ readonly apps: readonly AppView[]; readonly found: Survey }> {
  const pm2 = createPm2({ home: pm2Home, timeoutMs: PM2_TIMEOUT_MS });
  const daemon = await pm2.daemon();
  if (daemon.kind !== 'ok') throw pm2Down(daemon.reason);
  const apps = await pm2.list();
  if (apps.kind !== 'ok') throw pm2Down(apps.reason);
  const { survey } = await import('../../init/survey.js');
  return { apps: apps.value, found: await survey(apps.value, daemon.value) };
}

function pm2Down(reason: string): CommandError {
  return new CommandError(
    `PM2 does not answer: ${reason}\n$PM2_HOME names the daemon's folder.`,
    EXIT.failed,
  );
}

/** This program's own processes keep their ports, also in a second file. */
function portsOf(pid: number): number[] {
  return treeListeners(pid).map(({ port }) => port);
}

/** What an app that does not listen just now may want later. */
function namedPorts({ spec }: AppView): number[] {
  const words = [...Object.values(spec.env), ...spec.args.flatMap((arg) => arg.split(/[\s=]/))];
  return words.filter((word) => /^\d{2,5}$/.test(word)).map(Number);
}

function summary(file: string, { services, leftOut }: Survey): string {
  const names = services.map(({ app }) => app.name);
  return [
    `${file}: ${names.length} service${names.length === 1 ? '' : 's'} (${names.join(', ')})`,
    ...leftOut.map(({ name, why }) => `left out ${name}: ${why}`),
    'Read its comments, decide where agents connect, then: canary validate, canary doctor',
  ].join('\n');
}
