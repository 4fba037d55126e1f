/** The new release as the command line names it: flags, or an app's entry in an ecosystem file. */
import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import type { StartRequest } from '../control/messages.js';
import { CommandError, EXIT } from './io.js';

type Release = StartRequest['release'];

export interface ReleaseFlags {
  readonly script?: string;
  readonly cwd?: string;
  readonly interpreter?: string;
  readonly args?: string;
  readonly env?: readonly string[];
  readonly unsetEnv?: readonly string[];
}

/**
 * The release that the flags name. Paths are taken from the folder the command runs in, but the
 * script's from `--cwd` when that is given, as PM2 does.
 * @throws CommandError for an `--env` that is not KEY=VALUE.
 */
export function releaseFromFlags(flags: ReleaseFlags, shellCwd: string): Release {
  const set = (flags.env ?? []).map(keyAndValue);
  const unset = (flags.unsetEnv ?? []).map((key) => [key, null] as const);
  const cwd = flags.cwd === undefined ? undefined : resolve(shellCwd, flags.cwd);
  return defined({
    script: flags.script === undefined ? undefined : resolve(cwd ?? shellCwd, flags.script),
    cwd,
    interpreter: interpreterPath(flags.interpreter, shellCwd),
    args: flags.args === undefined ? undefined : splitArgs(flags.args),
    env: set.length + unset.length === 0 ? undefined : Object.fromEntries([...set, ...unset]),
  });
}

function keyAndValue(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  // The value may be a secret: the message shows only what is certainly not one.
  if (at <= 0)
    throw new CommandError('--env wants KEY=VALUE, and got one without a key or a "="', EXIT.usage);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** A bare command is looked up in the PATH by PM2; anything with a slash is a path. */
function interpreterPath(interpreter: string | undefined, cwd: string): string | undefined {
  return interpreter?.includes('/') === true ? resolve(cwd, interpreter) : interpreter;
}

const argsSchema = z.union([z.string(), z.array(z.coerce.string())]);

/** What an ecosystem file's entry can say that makes a release; the rest is not looked at. */
const entrySchema = z.looseObject({
  name: z.string(),
  script: z.string().optional(),
  cwd: z.string().optional(),
  interpreter: z.string().optional(),
  exec_interpreter: z.string().optional(),
  interpreter_args: argsSchema.optional(),
  node_args: argsSchema.optional(),
  args: argsSchema.optional(),
  env: z.record(z.string(), z.unknown()).optional(),
});

/**
 * The release that an ecosystem file gives for an app. The file is run, as PM2 runs it, in this
 * process and with the rights of whoever typed the command.
 * @throws CommandError when there is no such file or no such entry.
 */
export async function releaseFromEcosystem(
  file: string,
  app: string,
  shellCwd: string,
): Promise<Release> {
  const path = resolve(shellCwd, file);
  const entries = z.array(z.unknown()).safeParse(appsOf(await load(path)));
  const named = (entries.data ?? []).find(
    (entry) => z.looseObject({ name: z.literal(app) }).safeParse(entry).success,
  );
  if (named === undefined) {
    throw new CommandError(`${path} has no app named ${app}`, EXIT.usage);
  }
  const entry = entrySchema.safeParse(named);
  if (!entry.success) {
    const where = entry.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new CommandError(`${path}, app ${app}: ${where.join('; ')}`, EXIT.usage);
  }
  const { data } = entry;
  const cwd = data.cwd === undefined ? undefined : resolve(shellCwd, data.cwd);
  const interpreterArgs = data.interpreter_args ?? data.node_args;
  return defined({
    script: data.script === undefined ? undefined : resolve(cwd ?? shellCwd, data.script),
    cwd,
    interpreter: interpreterPath(data.interpreter ?? data.exec_interpreter, cwd ?? shellCwd),
    interpreterArgs: interpreterArgs === undefined ? undefined : asArgs(interpreterArgs),
    args: data.args === undefined ? undefined : asArgs(data.args),
    env: data.env === undefined ? undefined : textValues(data.env),
  });
}

async function load(path: string): Promise<unknown> {
  try {
    switch (extname(path)) {
      case '.json':
        return JSON.parse(await readFile(path, 'utf8')) as unknown;
      case '.yaml':
      case '.yml':
        return parseYaml(await readFile(path, 'utf8')) as unknown;
      default:
        return (await import(pathToFileURL(path).href)) as unknown;
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new CommandError(`cannot load ${path}: ${message}`, EXIT.usage);
  }
}

/** PM2 takes a list of apps, or `apps` in an object, by CommonJS or ESM export. */
function appsOf(loaded: unknown): unknown {
  if (Array.isArray(loaded)) return loaded;
  const module = z
    .looseObject({ apps: z.unknown().optional(), default: z.unknown().optional() })
    .safeParse(loaded).data;
  if (module === undefined) return undefined;
  return module.apps ?? appsOf(module.default);
}

function asArgs(args: string | string[]): string[] {
  return typeof args === 'string' ? splitArgs(args) : args;
}

/** Splits at white space; quotes of both kinds keep it, as in a shell without expansions. */
export function splitArgs(text: string): string[] {
  const words = text.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [];
  return words.map((word) => word.replace(/"([^"]*)"|'([^']*)'/g, '$1$2'));
}

function textValues(env: Readonly<Record<string, unknown>>): Record<string, string> {
  const scalars = Object.entries(env).filter(
    ([, value]) => value !== null && typeof value !== 'object',
  );
  return Object.fromEntries(scalars.map(([key, value]) => [key, String(value)]));
}

/** Without the keys that are undefined: JSON has none, and the request's schema wants none. */
function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
