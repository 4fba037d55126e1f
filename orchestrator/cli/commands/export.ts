/** `canary export`: what was recorded of a rollout, as JSON Lines. */
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { systemClock } from '../../../common/clock.js';
import { evidencePages } from '../evidence.js';
import { CommandError, EXIT, type ExitCode, type Io } from '../io.js';
import { withProgress } from '../terminal/progress.js';
import type { Runner } from '../runner.js';

const HELP = `
One line an event, the rollout itself first; "canary history" lists the rollouts. There are calls
(tool, outcome, milliseconds, a session's number), memory samples, exits, counts of error lines and
the results of checks, and nothing of what agents sent or got.

Example:
  canary export mcp-scraper-7 --output 7.jsonl && canary replay 7.jsonl --config canary.yaml`;

export function exportCommand(program: Command, io: Io, run: Runner): void {
  program
    .command('export')
    .summary('write what was recorded of a rollout')
    .description('Writes the evidence that a rollout was judged by, as JSON Lines.')
    .argument('<rollout>', 'the rollout, such as mcp-scraper-7')
    .option('--output <file>', 'write it to a file instead of the output')
    .addHelpText('after', HELP)
    .action((id: string, { output }: { readonly output?: string }) =>
      run(() => (output === undefined ? toOutput(io, id) : toFile(io, id, output))),
    );
}

async function toOutput(io: Io, id: string): Promise<ExitCode> {
  for await (const text of pages(io, id)) io.out(text);
  return EXIT.ok;
}

/** The file appears when it is whole. */
async function toFile(io: Io, id: string, output: string): Promise<ExitCode> {
  const file = resolve(io.cwd, output);
  const partial = `${file}.partial`;
  const handle = await open(partial, 'w').catch((error: unknown) => {
    throw new CommandError(`${output} cannot be written (${codeOf(error)})`, EXIT.usage);
  });
  const progress = { lines: 0 };
  try {
    const doing = (): string => `${progress.lines} lines of ${id} written`;
    const lines = await withProgress(io, systemClock, doing, write(io, id, handle, progress));
    await handle.close();
    await rename(partial, file);
    io.out(`${lines} lines written to ${output}`);
    return EXIT.ok;
  } finally {
    await handle.close();
    await rm(partial, { force: true });
  }
}

async function write(
  io: Io,
  id: string,
  handle: FileHandle,
  progress: { lines: number },
): Promise<number> {
  for await (const text of pages(io, id)) {
    await handle.write(`${text}\n`);
    progress.lines += text.split('\n').length;
  }
  return progress.lines;
}

/** The lines of one page after the other, without the last one's end. */
async function* pages(io: Io, id: string): AsyncGenerator<string> {
  for await (const events of evidencePages(io, id)) {
    if (events.length > 0) yield events.map((event) => JSON.stringify(event)).join('\n');
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
