/**
 * The command line `canary`: a thin client of the orchestrator. Each verb has a file in commands/.
 * What only some of them need and takes long to load (the MCP client) they load when they run.
 */
import { Command, CommanderError } from 'commander';
import { packageVersion } from '../../common/package.js';
import { schemaCommand, validateCommand } from './commands/config.js';
import { completionCommands } from './commands/completion.js';
import { diffCommand } from './commands/diff.js';
import { dashboardCommand } from './commands/dashboard.js';
import { doctorCommand } from './commands/doctor.js';
import { ecosystemCommand } from './commands/ecosystem.js';
import { explainCommand } from './commands/explain.js';
import { exportCommand } from './commands/export.js';
import { initCommand } from './commands/init.js';
import { logsCommand } from './commands/logs.js';
import { notifyCommand } from './commands/notify.js';
import { prepareCommand } from './commands/prepare.js';
import { reloadCommand } from './commands/reload.js';
import { replayCommand } from './commands/replay.js';
import { reportCommand } from './commands/report.js';
import { smokeCommand } from './commands/smoke.js';
import { runCommands } from './commands/runs.js';
import { scheduleCommand } from './commands/schedule.js';
import { startCommand } from './commands/start.js';
import { showCommand } from './commands/show.js';
import { historyCommand, statusCommand } from './commands/status.js';
import { steerCommands } from './commands/steer.js';
import { uninstallCommand } from './commands/uninstall.js';
import { CommandError, EXIT, type ExitCode, type Io } from './io.js';
import type { Runner } from './runner.js';

const HELP = `
A rollout: the canary is a second PM2 app on its own port; canary-proxy gives it a share of the new
sessions for a window; it is judged on errors, memory and exits; then main is restarted on the new
release without a gap, or the canary is taken back. See where it stands with "canary status".

Environment:
  CANARY_HOME    state folder (default ~/.canary)
  CANARY_CONFIG  the configuration file

Exit codes: 0 done or promoted, 1 failed, 2 usage or configuration, 3 rolled back, 4 held for a person.`;

/** Runs one command line (without the program's name). Never rejects. */
export async function runCli(args: readonly string[], io: Io): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const run: Runner = async (work) => {
    code = await work();
  };
  const program = createProgram(io, run);
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    return reported(error, io);
  }
}

/** The program; `run` is given the work of the command that is parsed. */
export function createProgram(io: Io, run: Runner): Command {
  const program = new Command('canary')
    .description('Canary releases for long-running servers under PM2.')
    .version(packageVersion())
    .addHelpText('after', HELP)
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.err(text.trimEnd()),
    })
    // What stands after a verb is the verb's: --version of "start" is a release's.
    .enablePositionalOptions()
    .exitOverride()
    .showSuggestionAfterError();
  startCommand(program, io, run);
  statusCommand(program, io, run);
  steerCommands(program, io, run);
  historyCommand(program, io, run);
  showCommand(program, io, run);
  explainCommand(program, io, run);
  reportCommand(program, io, run);
  logsCommand(program, io, run);
  prepareCommand(program, io, run);
  smokeCommand(program, io, run);
  diffCommand(program, io, run);
  runCommands(program, io, run);
  scheduleCommand(program, io, run);
  exportCommand(program, io, run);
  replayCommand(program, io, run);
  initCommand(program, io, run);
  ecosystemCommand(program, io);
  doctorCommand(program, io, run);
  reloadCommand(program, io, run);
  uninstallCommand(program, io, run);
  dashboardCommand(program, io, run);
  notifyCommand(program, io, run);
  validateCommand(program, io, run);
  schemaCommand(program, io, run);
  completionCommands(program, io, run);
  return program;
}

function reported(error: unknown, io: Io): ExitCode {
  // Help and usage were written by commander itself.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof CommandError) {
    io.err(error.message);
    return error.exitCode;
  }
  io.err(
    `canary failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  return EXIT.failed;
}
