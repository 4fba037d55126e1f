/** The section `release` of `canary.yaml`: what may be written, and what is meant by it. */
import { z } from 'zod';
import { PREPARE_DEFAULTS, SERVICE_DEFAULTS } from './defaults.js';
import { count, duration, environment, list, oneOf, section, text } from './shapes.js';
import { placeholdersIn } from './template.js';
import { VALUE_NAME_PATTERN } from './units.js';

/** One command that makes a release. Its texts are templates. */
export interface PrepareCommand {
  /** For `sh -c`. */
  readonly line: string;
  readonly timeoutMs: number;
  /** Seen from the release's folder. */
  readonly cwd: string;
  /** Added to the orchestrator's own. Secret. */
  readonly env: Readonly<Record<string, string>>;
}

/** How the packages of a release are listed. */
export type DependencyLister =
  | { readonly kind: 'pip' }
  | { readonly kind: 'npm' }
  /** A line for `sh -c` that prints `NAME==VERSION` lines. */
  | { readonly kind: 'run'; readonly line: string };

/** What is done about packages that changed without being asked for. */
export interface PinPolicy {
  /** Packages that may change, beside those that `--set` names. */
  readonly allow: readonly string[];
  readonly otherwise: 'warn' | 'refuse';
}

/** What points an app at its release. All texts are templates; relative paths are seen from the release's folder. */
export interface ReleaseOverrides {
  readonly script?: string;
  readonly cwd?: string;
  readonly interpreter?: string;
  readonly nodeArgs?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** How a service's releases are made. */
export interface ReleaseConfig {
  /** Absolute: each release gets a folder of its own in it. */
  readonly dir: string;
  /** So many releases that main ran before are kept. */
  readonly keep: number;
  /** The names of the values that `--set` has to give. */
  readonly set: readonly string[];
  /** At least one. */
  readonly prepare: readonly PrepareCommand[];
  readonly overrides: ReleaseOverrides;
  readonly dependencies: DependencyLister | null;
  readonly pins: PinPolicy | null;
}

const MAX_COMMANDS = 50;
const MAX_VALUES = 20;
const MAX_PACKAGES = 1_000;

/** What every release has, beside the values of `set`. */
const OWN_VALUES = ['releaseDir', 'version'] as const;

const OVERRIDES = ['script', 'cwd', 'interpreter', 'nodeArgs', 'args', 'env'] as const;

const commandLine = text(/^[^\0]{1,4000}$/s, 'a command as text');
const plain = text(/^[^\0]{1,4000}$/s, 'text');
const texts = list(plain, 0, 200, 'texts');

const prepareCommand = section({
  run: commandLine.describe('A line for `sh -c`.'),
  timeout: duration({ minMs: 100, maxMs: 86_400_000 })
    .optional()
    .describe('A command that takes longer is ended, and the rollout with it.'),
  cwd: plain.optional().describe("Where it runs, seen from the release's folder."),
  env: environment.optional().describe("Added to the orchestrator's own environment."),
});

const valueName = text(
  new RegExp(VALUE_NAME_PATTERN),
  'a name of 1 to 32 letters, digits, underscores and hyphens that begins with a letter',
).refine((name) => !OWN_VALUES.includes(name as never), {
  error: 'a name other than releaseDir and version, which every release has',
});

const packageName = text(/^[@A-Za-z0-9][A-Za-z0-9._/-]{0,213}$/, "a package's name");

/** The whole section. */
export const release = section({
  dir: text(
    /^[A-Za-z0-9._~+@/-]{1,400}$/,
    'a folder whose path has only letters, digits and the characters . _ ~ + @ / -',
  )
    .optional()
    .describe(
      "Where the service's releases are, relative to this file's folder. By default `releases/SERVICE` in the state folder.",
    ),
  keep: count(0, 1_000)
    .optional()
    .describe('So many releases that main ran before are kept, for a way back.'),
  set: list(valueName, 0, MAX_VALUES, 'names')
    .superRefine((names, context) => {
      const keys = names.map(variableOf);
      for (const [index, key] of keys.entries()) {
        if (keys.indexOf(key) === index) continue;
        context.addIssue({ code: 'custom', message: 'a name of its own', path: [index] });
      }
    })
    .optional()
    .describe('The names of the values that `--set NAME=VALUE` has to give.'),
  prepare: list(
    z.union([
      commandLine.transform((run): z.output<typeof prepareCommand> => ({ run })),
      prepareCommand,
    ]),
    1,
    MAX_COMMANDS,
    'commands',
  )
    .optional()
    .describe(
      "Commands that make the release, one after the other, in its own folder. They may use {{releaseDir}}, {{version}} and the names of `set`, or the variables $RELEASE_DIR, $VERSION and $CANARY_SET_NAME. A service's list replaces that of `defaults`.",
    ),
  interpreter: plain.optional().describe('The interpreter that runs the release.'),
  script: plain.optional().describe('The script that is run.'),
  cwd: plain.optional().describe('The working directory.'),
  args: texts.optional().describe("The script's arguments, all of them."),
  nodeArgs: texts.optional().describe("The interpreter's arguments, all of them."),
  env: environment.optional().describe("Variables that are added to main's."),
  dependencies: z
    .union([oneOf(['pip', 'npm']), section({ run: commandLine })])
    .optional()
    .describe(
      'How the packages are listed before and after: what differs is shown and kept. `run` is a command that prints NAME==VERSION lines.',
    ),
  pins: section({
    allow: list(packageName, 0, MAX_PACKAGES, 'packages')
      .optional()
      .describe('Packages that may change, beside those that --set names.'),
    otherwise: oneOf(['warn', 'refuse'])
      .optional()
      .describe(
        'What is done when others change: a warning (by default), or the end of the rollout.',
      ),
  })
    .optional()
    .describe('Which packages a release may change.'),
});
export type WrittenRelease = z.output<typeof release>;

const commandDefaults = prepareCommand.pick({ timeout: true }).required().parse(PREPARE_DEFAULTS);

/** Fills in the defaults; null where nothing says how a release is made. `dir` is absolute. */
export function resolveRelease(
  written: WrittenRelease | undefined,
  dir: string,
): ReleaseConfig | null {
  if (written?.prepare === undefined) return null;
  const { keep, set, prepare, dependencies, pins } = written;
  const overrides = OVERRIDES.flatMap((key) =>
    written[key] === undefined ? [] : [[key, written[key]] as const],
  );
  return {
    dir,
    keep: keep ?? SERVICE_DEFAULTS.release.keep,
    set: set ?? [],
    prepare: prepare.map(({ run, timeout, cwd, env }) => ({
      line: run,
      timeoutMs: timeout ?? commandDefaults.timeout,
      cwd: cwd ?? '.',
      env: env ?? {},
    })),
    overrides: Object.fromEntries(overrides),
    dependencies: listerOf(dependencies),
    pins: pins === undefined ? null : { allow: [], otherwise: 'warn', ...pins },
  };
}

function listerOf(written: WrittenRelease['dependencies']): DependencyLister | null {
  if (written === undefined) return null;
  return typeof written === 'string' ? { kind: written } : { kind: 'run', line: written.run };
}

/** The variable that holds a value of `--set`: `CANARY_SET_MCP` for `mcp`. */
export function variableOf(name: string): string {
  return `CANARY_SET_${name.toUpperCase().replaceAll('-', '_')}`;
}

/** All texts with placeholders, each with its path in the section. */
function templatesOf({
  prepare,
  overrides,
}: ReleaseConfig): readonly (readonly [path: readonly PropertyKey[], text: string])[] {
  const { nodeArgs = [], args = [], env = {}, ...texts } = overrides;
  const inEnv = (path: readonly PropertyKey[], of: Readonly<Record<string, string>>) =>
    Object.entries(of).map(([key, value]) => [[...path, 'env', key], value] as const);
  return [
    ...prepare.flatMap(({ line, cwd, env: own }, index) => [
      [['prepare', index, 'run'], line] as const,
      [['prepare', index, 'cwd'], cwd] as const,
      ...inEnv(['prepare', index], own),
    ]),
    ...Object.entries(texts).map(([key, value]) => [[key], value] as const),
    ...Object.entries({ args, nodeArgs }).flatMap(([key, values]) =>
      values.map((value, index) => [[key, index], value] as const),
    ),
    ...inEnv([], env),
  ];
}

/** What a release is made of: by `--version` and `--set`, or by a schedule. */
export interface ReleaseWishes {
  readonly version?: string | undefined;
  readonly set?: Readonly<Record<string, string>> | undefined;
}

/** True when a release is to be made: there is something to make it of. */
export function asksForRelease({ version, set = {} }: ReleaseWishes): boolean {
  return version !== undefined || Object.keys(set).length > 0;
}

/** How wishes do not fit: whether a version is wanted, the values that are, and those that have no place. */
export function misfitsOf(
  config: ReleaseConfig,
  { version, set = {} }: ReleaseWishes,
): {
  readonly lacksVersion: boolean;
  readonly lacking: readonly string[];
  readonly strange: readonly string[];
} {
  const wantsVersion = templatesOf(config).some(([, text]) =>
    placeholdersIn(text).includes('version'),
  );
  return {
    lacksVersion: wantsVersion && version === undefined,
    lacking: config.set.filter((name) => !Object.hasOwn(set, name)),
    strange: Object.keys(set).filter((name) => !config.set.includes(name)),
  };
}

/** Placeholders that stand for nothing, each with the path of its text in the section. */
export function strangePlaceholders(
  config: ReleaseConfig,
): readonly { readonly path: readonly PropertyKey[]; readonly name: string }[] {
  const known = new Set<string>([...OWN_VALUES, ...config.set]);
  return templatesOf(config).flatMap(([path, text]) =>
    placeholdersIn(text)
      .filter((name) => !known.has(name))
      .map((name) => ({ path, name })),
  );
}
