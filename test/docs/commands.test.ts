import { CommanderError, type Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { idleProgram } from '../../tools/docs/cli.js';
import { documents, wordsOf } from './documents.js';

/** Lines of code that begin with `canary`, at a prompt or not. */
const commands = documents().flatMap(({ blocks }) =>
  blocks
    // What `text` shows is output, but for the examples of the help.
    .filter(({ info, at }) => /^(?:|sh|bash|console)$/.test(info) || at.startsWith('docs/cli.md'))
    .flatMap(({ text, at }) =>
      [...text.replaceAll('\\\n', ' ').matchAll(/^(?: {0,2}|\$ )(canary [a-z].*)$/gm)].map(
        ([, line]) => ({ line: line!, at }),
      ),
    )
    // What `canary logs` prints begins like a command.
    .filter(({ line }) => !/^canary (?:out|err) \|/.test(line))
    // A usage line, such as `canary start [options] [services...]`, is made from the program itself.
    .filter(({ line }) => !/\[options\]/.test(line)),
);

/** Nothing is run: the actions of this program do nothing. */
function parse(words: readonly string[]): Promise<Command> {
  const program = idleProgram();
  const silence = (command: Command): void => {
    command.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} });
    command.commands.forEach(silence);
  };
  silence(program);
  return program.parseAsync(words, { from: 'user' });
}

describe('each command in the documents is one that the program takes', () => {
  test('there are some', () => expect(commands.length).toBeGreaterThan(25));

  test.each(commands)('$at: $line', async ({ line }) => {
    const [, ...words] = wordsOf(line)!;
    await parse(words).catch((error: unknown) => {
      const isHelp = error instanceof CommanderError && error.exitCode === 0;
      if (!isHelp) throw error;
    });
  });
});

test.each([
  'canary stat mcp-scraper',
  'canary start a --waits',
  'canary show',
  'canary cancel a b',
])('%s would be noticed', (line) =>
  expect(parse(wordsOf(line)!.slice(1))).rejects.toThrow(CommanderError),
);
