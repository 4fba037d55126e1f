/** What may come next on a command line, by the commands and options that there are (pure). */
import type { Argument, Command, Option } from 'commander';

/** What only the orchestrator, or the configuration, knows the names of. */
const NAME_KINDS = ['service', 'rollout', 'run', 'schedule', 'group'] as const;
export type NameKind = (typeof NAME_KINDS)[number];

export interface Candidate {
  readonly value: string;
  readonly description: string;
}

export interface Candidates {
  readonly known: readonly Candidate[];
  /** Names of these kinds fit too. */
  readonly names: readonly NameKind[];
  /** A file or folder fits. */
  readonly files: boolean;
}

const NONE: Candidates = { known: [], names: [], files: false };

/** Where a command line stands behind its finished words. */
interface Place {
  readonly command: Command;
  /** Finished arguments of the command. */
  readonly taken: number;
  /** The option whose value comes next. */
  readonly option: Option | null;
}

/** `words` are those after `canary`; the last is being written, and may be empty. */
export function candidatesFor(program: Command, words: readonly string[]): Candidates {
  const current = words.at(-1) ?? '';
  let place: Place = { command: program, taken: 0, option: null };
  for (const word of words.slice(0, -1)) place = after(place, word);
  if (place.option !== null) return valuesOf(place.option);
  if (current.startsWith('-')) return { ...NONE, known: optionsOf(place.command) };
  return argumentsOf(place);
}

function after({ command, taken, option }: Place, word: string): Place {
  if (option !== null) return { command, taken, option: null };
  if (word.startsWith('-')) {
    const given = command.options.find(({ short, long }) => word === short || word === long);
    const takesValue = given !== undefined && (given.required || given.optional);
    return { command, taken, option: takesValue ? given : null };
  }
  const verb = taken === 0 ? command.commands.find((each) => each.name() === word) : undefined;
  return verb === undefined
    ? { command, taken: taken + 1, option: null }
    : { command: verb, taken: 0, option: null };
}

function optionsOf(command: Command): Candidate[] {
  const visible = command.createHelp().visibleOptions(command);
  return visible.map(({ long, short, description }) => ({
    value: long ?? short ?? '',
    description,
  }));
}

function valuesOf({ argChoices, flags }: Option): Candidates {
  if (argChoices !== undefined) return { ...NONE, known: described(argChoices) };
  const placeholder = /[<[]([^>\]]*)[>\]]/.exec(flags)?.[1] ?? '';
  return placed(flags.includes('--group') ? 'group' : placeholder);
}

function argumentsOf({ command, taken }: Place): Candidates {
  const verbs = taken === 0 ? command.createHelp().visibleCommands(command) : [];
  const known = verbs.map((each) => ({ value: each.name(), description: each.summary() }));
  const argument = argumentAt(command, taken);
  if (argument === undefined) return { ...NONE, known };
  const own = placed(argument.name());
  return { ...own, known: [...known, ...described(argument.argChoices ?? [])] };
}

/** The argument that comes next; a variadic one comes again and again. */
function argumentAt({ registeredArguments }: Command, taken: number): Argument | undefined {
  const last = registeredArguments.at(-1);
  return registeredArguments[taken] ?? (last?.variadic === true ? last : undefined);
}

/** What fits, by the name of an argument: `service`, `services`, `rollout|service`, `file`. */
function placed(name: string): Candidates {
  const parts = name.split('|');
  const names = NAME_KINDS.filter((kind) => parts.includes(kind) || parts.includes(`${kind}s`));
  const files = parts.some((part) => ['file', 'folder', 'path'].includes(part));
  return { ...NONE, names, files };
}

function described(values: readonly string[]): Candidate[] {
  return values.map((value) => ({ value, description: '' }));
}
