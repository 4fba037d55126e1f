/**
 * Main's contract against the canary's (pure): every difference, and whether it breaks a client
 * that knows main's.
 */
import { isDeepStrictEqual } from 'node:util';
import type {
  Contract,
  ContractChange,
  PromptPromise,
  ResourcePromise,
  ToolHints,
  ToolPromise,
} from './contract.js';
import { schemaAt } from './flatten.js';
import { restrictions, type Direction, type Restriction } from './restrictions.js';
import { NARROWED, WIDENED } from './words.js';

/** Every difference; a contract has none with itself. */
export function compareContracts(main: Contract, canary: Contract): readonly ContractChange[] {
  return [
    ...compareTools(main.tools, canary.tools),
    ...compareNamed(byName(main.prompts), byName(canary.prompts), 'prompt', comparePrompt),
    ...compareNamed(byUri(main.resources), byUri(canary.resources), 'resource', compareResource),
    ...compareNamed(byUri(main.templates), byUri(canary.templates), 'template', compareResource),
    ...compareServers(main, canary),
  ];
}

const GONE = 'is gone';

type About = (text: string) => ContractChange;

const breaking =
  (about: string): About =>
  (text) => ({ about, text, breaking: true });
const harmless =
  (about: string): About =>
  (text) => ({ about, text, breaking: false });

function compareServers(main: Contract, canary: Contract): ContractChange[] {
  const changes: ContractChange[] = [];
  for (const [what, before, now] of [
    ['name', main.server, canary.server],
    ['version', main.version, canary.version],
  ] as const) {
    if (before !== now) changes.push(harmless(`server ${what}`)(`was ${before}, is ${now}`));
  }
  const sets = [
    ['protocol', main.revisions, canary.revisions],
    ['capability', main.capabilities, canary.capabilities],
  ] as const;
  for (const [what, before, now] of sets) {
    for (const each of before.filter((one) => !now.includes(one))) {
      changes.push(breaking(`server ${what} ${each}`)(GONE));
    }
    for (const each of now.filter((one) => !before.includes(one))) {
      changes.push(harmless(`server ${what} ${each}`)('is new'));
    }
  }
  return changes;
}

function byName<T extends { readonly name: string }>(all: readonly T[]): ReadonlyMap<string, T> {
  return new Map(all.map((each) => [each.name, each]));
}

function byUri(all: readonly ResourcePromise[]): ReadonlyMap<string, ResourcePromise> {
  return new Map(all.map((each) => [each.uri, each]));
}

function compareNamed<T>(
  main: ReadonlyMap<string, T>,
  canary: ReadonlyMap<string, T>,
  kind: string,
  compare: (about: string, before: T, now: T) => readonly ContractChange[],
): ContractChange[] {
  const changes: ContractChange[] = [];
  for (const [name, before] of main) {
    const now = canary.get(name);
    if (now === undefined) changes.push(breaking(`${kind} ${name}`)(GONE));
    else changes.push(...compare(`${kind} ${name}`, before, now));
  }
  for (const name of canary.keys()) {
    if (!main.has(name)) changes.push(harmless(`${kind} ${name}`)('is new'));
  }
  return changes;
}

function compareTools(
  main: readonly ToolPromise[],
  canary: readonly ToolPromise[],
): ContractChange[] {
  const [before, now] = [byName(main), byName(canary)];
  const added = canary.filter(({ name }) => !before.has(name));
  return compareNamed(before, now, 'tool', compareTool).map((change) => {
    if (change.text !== GONE) return change;
    const lost = before.get(change.about.slice('tool '.length));
    const heir = added.find((each) => isLike(each, lost));
    return heir === undefined ? change : { ...change, text: `${GONE}, maybe renamed ${heir.name}` };
  });
}

/** The same tool under another name, as far as can be told. */
function isLike(one: ToolPromise, other: ToolPromise | undefined): boolean {
  return (
    other !== undefined &&
    isDeepStrictEqual(one.input, other.input) &&
    (one.description === other.description || isDeepStrictEqual(one.output, other.output))
  );
}

function compareTool(about: string, before: ToolPromise, now: ToolPromise): ContractChange[] {
  return [
    ...compareInput(about, before.input, now.input),
    ...compareOutput(about, before.output, now.output),
    ...compareHints(about, before.hints, now.hints),
    ...compareText(about, before.description, now.description),
  ];
}

const narrowed: Direction = { words: NARROWED, undeclared: 'lost' };
const widened: Direction = { words: WIDENED, undeclared: 'lost' };
const widenedTyped: Direction = { words: WIDENED, undeclared: 'harmless' };

function compareInput(about: string, before: unknown, now: unknown): ContractChange[] {
  const [main, canary] = [schemaAt(before), schemaAt(now)];
  return [
    ...restrictions(main, canary, narrowed).map(told('input', breaking(about))),
    ...restrictions(canary, main, widened).map(told('input', harmless(about))),
  ];
}

function compareOutput(about: string, before: unknown, now: unknown): ContractChange[] {
  if (before === null || now === null) {
    if (before === now) return [];
    return [
      now === null
        ? breaking(about)('output schema is gone')
        : harmless(about)('output schema is new'),
    ];
  }
  const [main, canary] = [schemaAt(before), schemaAt(now)];
  const worse = restrictions(canary, main, widenedTyped);
  const other = [
    ...restrictions(canary, main, widened).filter(
      (each) => !worse.some((bad) => isDeepStrictEqual(bad, each)),
    ),
    ...restrictions(main, canary, narrowed),
  ];
  return [
    ...worse.map(told('output', breaking(about))),
    ...other.map(told('output', harmless(about))),
  ];
}

function told(
  side: 'input' | 'output',
  change: About,
): (restriction: Restriction) => ContractChange {
  return ({ path, text }) => change(`${side}${path === '' ? '' : ` ${path}`}: ${text}`);
}

/** A hint that promised more than it does now breaks who went by it. */
function compareHints(about: string, before: ToolHints, now: ToolHints): ContractChange[] {
  const changes: ContractChange[] = [];
  const hint = (name: string, promised: boolean, promises: boolean): void => {
    if (promised === promises) return;
    const text = promised ? `is no longer ${name}` : `is ${name} now`;
    changes.push((promised ? breaking : harmless)(about)(text));
  };
  hint('read-only', before.readOnly, now.readOnly);
  // What only reads can do no harm, and can be repeated: its other hints mean nothing.
  hint('harmless', before.readOnly || !before.destructive, now.readOnly || !now.destructive);
  hint('idempotent', before.readOnly || before.idempotent, now.readOnly || now.idempotent);
  hint('closed to the world', !before.openWorld, !now.openWorld);
  return changes;
}

function compareText(about: string, before: string, now: string): ContractChange[] {
  return before === now ? [] : [harmless(about)('description changed')];
}

function comparePrompt(about: string, before: PromptPromise, now: PromptPromise): ContractChange[] {
  const [known, wanted] = [byName(before.arguments), byName(now.arguments)];
  const changes = compareText(about, before.description, now.description);
  for (const { name, required } of now.arguments) {
    const was = known.get(name);
    if (required && was?.required !== true)
      changes.push(breaking(about)(`${name} is required now`));
    else if (was === undefined) changes.push(harmless(about)(`${name} is new`));
    else if (was.required && !required)
      changes.push(harmless(about)(`${name} is no longer required`));
  }
  for (const name of known.keys()) {
    if (!wanted.has(name)) changes.push(breaking(about)(`${name} is gone`));
  }
  return changes;
}

function compareResource(
  about: string,
  before: ResourcePromise,
  now: ResourcePromise,
): ContractChange[] {
  if (before.mimeType === now.mimeType) return [];
  const [was, is] = [before.mimeType ?? 'none', now.mimeType ?? 'none'];
  // A type where none was told promises more than before.
  const change = before.mimeType === null ? harmless(about) : breaking(about);
  return [change(`type was ${was}, is ${is}`)];
}
