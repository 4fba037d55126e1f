/** docs/cli.md: every command, from the program itself. */
import type { Argument, Command, Option } from 'commander';
import { createProgram } from '../../orchestrator/cli/program.js';
import { block, code, MADE, page, table } from './markdown.js';

const HEAD = `# The command line

\`canary COMMAND --help\` shows the same in a terminal.`;

/** The program, with commands that do nothing: for its description, and to see what it can parse. */
export function idleProgram(): Command {
  const io = { out: () => {}, err: () => {}, env: {}, cwd: '/', color: false };
  return createProgram(io, () => Promise.resolve());
}

/** The page. */
export function cliPage(): string {
  const program = idleProgram();
  return page(
    MADE,
    HEAD,
    program.description(),
    table(
      ['command', 'does'],
      commandsOf(program).map(([name, command]) => [
        `[${code(name)}](#${name.replaceAll(' ', '-')})`,
        command.summary() || command.description(),
      ]),
    ),
    block(afterHelp(program), 'text'),
    ...commandsOf(program).flatMap(([name, command]) => section(name, command)),
  );
}

/** The commands that do something and are shown, with their whole names. */
function commandsOf(parent: Command): (readonly [name: string, command: Command])[] {
  const shown = parent.createHelp().visibleCommands(parent);
  return parent.commands
    .filter((command) => shown.includes(command))
    .flatMap((command) => {
      const name = `${parent.name()} ${command.name()}`;
      const inner = commandsOf(command).map(
        ([rest, each]) => [`${parent.name()} ${rest}`, each] as const,
      );
      const isGroup = inner.length > 0 && command.registeredArguments.length === 0;
      return isGroup ? inner : [[name, command] as const, ...inner];
    });
}

function section(name: string, command: Command): string[] {
  const args = command.registeredArguments;
  const options = command.options.filter(({ hidden }) => !hidden);
  const after = afterHelp(command);
  return [
    `## ${name}`,
    command.description(),
    block(`${name} ${command.usage()}`, 'text'),
    ...(args.length === 0 ? [] : [table(['argument', ''], args.map(argumentRow))]),
    ...(options.length === 0 ? [] : [table(['option', ''], options.map(optionRow))]),
    ...(after === '' ? [] : [block(after, 'text')]),
  ];
}

function argumentRow(argument: Argument): string[] {
  return [code(argument.name()), argument.description];
}

function optionRow({ flags, description, argChoices, defaultValue }: Option): string[] {
  const choices = argChoices === undefined ? '' : `; one of ${argChoices.map(code).join(', ')}`;
  const fallback =
    defaultValue === undefined || defaultValue === false
      ? ''
      : `; default ${code(String(defaultValue))}`;
  return [code(flags), `${description}${choices}${fallback}`];
}

/** What a command's help says after its options. */
function afterHelp(command: Command): string {
  let shown = '';
  command.configureOutput({ writeOut: (text) => (shown += text) });
  command.outputHelp();
  return shown.replace(command.helpInformation(), '').trim();
}
