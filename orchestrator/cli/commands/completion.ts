/** `canary completion`: lets a shell complete command lines; `canary complete`, hidden, is what it asks. */
import { Argument, type Command } from 'commander';
import { candidatesFor, type Candidate } from '../completion/candidates.js';
import { namesOf } from '../completion/names.js';
import { SCRIPTS, SHELLS, type Shell } from '../completion/scripts.js';
import { EXIT, type ExitCode, type Io } from '../io.js';
import { harmless } from '../terminal/harmless.js';
import { clip } from '../terminal/width.js';
import type { Runner } from '../runner.js';

const MAX_DESCRIPTION = 60;

const HELP = `
Commands, options, services, rollouts and files are completed.

  bash  eval "$(canary completion bash)"     in ~/.bashrc
  zsh   eval "$(canary completion zsh)"      in ~/.zshrc, after compinit
  fish  canary completion fish > ~/.config/fish/completions/canary.fish`;

export function completionCommands(program: Command, io: Io, run: Runner): void {
  program
    .command('completion')
    .summary('print what lets a shell complete command lines')
    .description('Prints a script for a shell, which completes command lines of canary.')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addHelpText('after', HELP)
    .action((shell: Shell) =>
      run(() => {
        io.out(SCRIPTS[shell]);
        return Promise.resolve(EXIT.ok);
      }),
    );
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .action((words: readonly string[]) => run(() => complete(program, io, words)));
}

async function complete(program: Command, io: Io, words: readonly string[]): Promise<ExitCode> {
  const { known, names, files } = candidatesFor(program, words);
  const dynamic = await Promise.all(names.map((kind) => namesOf(io, kind)));
  const found = [...known, ...dynamic.flat()];
  if (found.length > 0) io.out(found.map(lineOf).join('\n'));
  else if (files) io.out(':files');
  return EXIT.ok;
}

function lineOf({ value, description }: Candidate): string {
  return `${value}\t${clip(harmless(description.replaceAll('\t', ' ')), MAX_DESCRIPTION)}`;
}
