/** `canary doctor`: checks the whole set-up and says what to do. */
import type { Command } from 'commander';
import { systemClock } from '../../../common/clock.js';
import type { Diagnosis } from '../../doctor/diagnosis.js';
import { EXIT, type ExitCode, type Io } from '../io.js';
import { withProgress } from '../terminal/progress.js';
import type { Runner } from '../runner.js';

interface DoctorFlags {
  readonly config?: string;
  readonly json?: boolean;
}

export function doctorCommand(program: Command, io: Io, run: Runner): void {
  program
    .command('doctor')
    .summary('check the whole set-up and say what to do')
    .description(
      'Checks PM2, the configuration, the state folder, both processes, each main and its ports, and what is left over. It changes nothing. Exit code 1 when something fails; warnings are none.',
    )
    .option('--config <file>', 'the configuration (default: as `canary validate` finds it)')
    .option('--json', 'print it as JSON')
    .action((flags: DoctorFlags) => run(() => doctor(io, flags)));
}

async function doctor(io: Io, { config, json }: DoctorFlags): Promise<ExitCode> {
  const { examine } = await import('../../doctor/doctor.js');
  const { gatherFacts } = await import('../../doctor/facts.js');
  const facts = await gatherFacts({ env: io.env, cwd: io.cwd, configFlag: config });
  const found = await withProgress(io, systemClock, () => 'examining', examine(facts));
  io.out(json === true ? JSON.stringify({ checks: found }, null, 2) : found.map(line).join('\n'));
  return found.some(({ state }) => state === 'failure') ? EXIT.failed : EXIT.ok;
}

function line({ check, state, message, remedy }: Diagnosis): string {
  const text = `${state.padEnd(7)}  ${check}: ${message}${remedy === null ? '' : ` -> ${remedy}`}`;
  return text.replaceAll(/\s*\n\s*/g, ' ');
}
