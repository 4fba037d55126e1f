/** `canary validate` and `canary schema`: the configuration, without an orchestrator. */
import type { Command } from 'commander';
import { homeFrom } from '../../../common/home.js';
import { findConfig } from '../../../config/find.js';
import { configJsonSchema } from '../../../config/json-schema.js';
import { loadConfig } from '../../../config/load.js';
import { formatProblems } from '../../../config/problem.js';
import { CommandError, EXIT, type ExitCode, type Io } from '../io.js';
import type { Runner } from '../runner.js';

export function validateCommand(program: Command, io: Io, run: Runner): void {
  program
    .command('validate')
    .summary('check canary.yaml')
    .description(
      'Checks the configuration and the smoke suites that it names, and shows everything that is wrong with them, with its place.',
    )
    .option(
      '--config <file>',
      'the file (default: $CANARY_CONFIG, ./canary.yaml, then the state folder)',
    )
    .action(({ config }: { readonly config?: string }) => run(() => validate(io, config)));
}

async function validate(io: Io, flag: string | undefined): Promise<ExitCode> {
  const found = findConfig({ flag, env: io.env, cwd: io.cwd, homeDir: homeFrom(io.env).dir });
  if (!found.ok) throw new CommandError(found.message, EXIT.usage);
  const { suiteProblems } = await import('../../smoke/suites.js');
  const result = loadConfig(found.file, io.env);
  const problems = result.ok ? suiteProblems(result.config) : result.problems;
  if (!result.ok || problems.length > 0) {
    throw new CommandError(formatProblems(problems, { color: io.color }), EXIT.usage);
  }
  if (result.warnings.length > 0) io.err(formatProblems(result.warnings, { color: io.color }));
  const names = Object.keys(result.config.services);
  io.out(
    `${found.file} is valid: ${names.length} service${names.length === 1 ? '' : 's'} (${names.join(', ')})`,
  );
  return EXIT.ok;
}

export function schemaCommand(program: Command, io: Io, run: Runner): void {
  program
    .command('schema')
    .summary('print the JSON Schema of canary.yaml')
    .description('Prints the JSON Schema that editors check and complete canary.yaml with.')
    .action(() =>
      run(() => {
        io.out(JSON.stringify(configJsonSchema(), null, 2));
        return Promise.resolve(EXIT.ok);
      }),
    );
}
