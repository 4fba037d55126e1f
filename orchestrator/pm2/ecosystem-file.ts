/**
 * An app's entry in an ecosystem file, as the release that PM2 would start from it. A JavaScript
 * file is a program: it is run in a process of its own, for a bounded time, and only its exports
 * come back.
 */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { canAccess } from '../can-access.js';
import type { ReleaseChange } from './spec.js';

const RUN_TIMEOUT_MS = 5_000;
const MAX_EXPORT_BYTES = 1 << 20;

/** Names that PM2's documentation gives its configuration. */
const NAMES = ['ecosystem.config', 'ecosystem', 'pm2.config'] as const;
const EXTENSIONS = ['.js', '.cjs', '.mjs', '.json', '.yaml', '.yml'] as const;

/** What an entry says; what it does not say is not in it. */
export type EcosystemEntry =
  | { readonly kind: 'entry'; readonly release: ReleaseChange }
  | { readonly kind: 'no-entry' }
  | { readonly kind: 'unreadable'; readonly reason: string };

const argsSchema = z.union([z.string(), z.array(z.coerce.string())]);

/** What makes a release; the rest of an entry is not looked at. */
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

/** The ecosystem files that there are in the folders, the likeliest first. */
export async function findEcosystemFiles(folders: readonly string[]): Promise<readonly string[]> {
  const paths = [...new Set(folders)].flatMap((folder) =>
    NAMES.flatMap((name) => EXTENSIONS.map((extension) => join(folder, `${name}${extension}`))),
  );
  const there = await Promise.all(paths.map((path) => canAccess(path)));
  return paths.filter((_, index) => there[index]);
}

/**
 * Reads an app's entry. Relative paths are taken from `folder`, and the script's from the entry's
 * `cwd` when it has one, as PM2 does.
 * @param env what a JavaScript file finds in `process.env`.
 */
export async function readEcosystemEntry(
  path: string,
  app: string,
  { folder, env }: { readonly folder: string; readonly env: NodeJS.ProcessEnv },
): Promise<EcosystemEntry> {
  const loaded = await load(path, env);
  if (!loaded.ok) return { kind: 'unreadable', reason: loaded.reason };
  const entries = z.array(z.unknown()).safeParse(appsOf(loaded.value)).data ?? [];
  const named = entries.find(
    (entry) => z.looseObject({ name: z.literal(app) }).safeParse(entry).success,
  );
  if (named === undefined) return { kind: 'no-entry' };
  const entry = entrySchema.safeParse(named);
  if (entry.success) return { kind: 'entry', release: releaseOf(entry.data, folder) };
  const where = entry.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  return { kind: 'unreadable', reason: `app ${app}: ${where.join('; ')}` };
}

function releaseOf(entry: z.infer<typeof entrySchema>, folder: string): ReleaseChange {
  const cwd = entry.cwd === undefined ? undefined : resolve(folder, entry.cwd);
  const from = cwd ?? folder;
  const interpreterArgs = entry.interpreter_args ?? entry.node_args;
  return defined({
    script: entry.script === undefined ? undefined : resolve(from, entry.script),
    cwd,
    interpreter: interpreterPath(entry.interpreter ?? entry.exec_interpreter, from),
    interpreterArgs: interpreterArgs === undefined ? undefined : asArgs(interpreterArgs),
    args: entry.args === undefined ? undefined : asArgs(entry.args),
    env: entry.env === undefined ? undefined : textValues(entry.env),
  });
}

/** A bare command is looked up in the PATH by PM2; anything with a slash is a path. */
export function interpreterPath(interpreter: string | undefined, cwd: string): string | undefined {
  return interpreter?.includes('/') === true ? resolve(cwd, interpreter) : interpreter;
}

type Loaded =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string };

const PARSERS: Readonly<Record<string, (text: string) => unknown>> = {
  '.json': (text) => JSON.parse(text) as unknown,
  '.yaml': (text) => parseYaml(text) as unknown,
  '.yml': (text) => parseYaml(text) as unknown,
};

async function load(path: string, env: NodeJS.ProcessEnv): Promise<Loaded> {
  const parse = PARSERS[extname(path)];
  if (parse === undefined) return run(path, env);
  try {
    return { ok: true, value: parse(await readFile(path, 'utf8')) };
  } catch (error) {
    // A parser's message quotes the text, which may hold secrets.
    const { code, name } = error as NodeJS.ErrnoException;
    return { ok: false, reason: code ?? name };
  }
}

/** Run by Node: imports the file, and writes what it exports, or why it could not be, to descriptor 3. */
const IMPORTER = `
  import { writeSync } from 'node:fs';
  import { pathToFileURL } from 'node:url';
  const answer = await import(pathToFileURL(process.argv[1]).href).then(
    (module) => ({ ok: true, value: { apps: module.apps, default: module.default } }),
    (error) => ({ ok: false, reason: String(error?.message ?? error).split('\\n')[0] }),
  );
  const bytes = Buffer.from(JSON.stringify(answer));
  for (let at = 0; at < bytes.length;) at += writeSync(3, bytes, at);
  process.exit(0);
`;

function run(path: string, env: NodeJS.ProcessEnv): Promise<Loaded> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', IMPORTER, path], {
    env,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  return new Promise((done) => {
    let text = '';
    const end = (loaded: Loaded): void => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      done(loaded);
    };
    const timer = setTimeout(
      () => end({ ok: false, reason: `it did not end within ${RUN_TIMEOUT_MS / 1_000} s` }),
      RUN_TIMEOUT_MS,
    );
    child.stdio[3]?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.length > MAX_EXPORT_BYTES) end({ ok: false, reason: 'it exports too much' });
    });
    child.once('error', (error) => end({ ok: false, reason: error.message }));
    child.once('close', () => {
      try {
        end(JSON.parse(text) as Loaded);
      } catch {
        end({ ok: false, reason: 'it ended before it had exported anything' });
      }
    });
  });
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

/** Without the keys that are undefined: JSON has none, and requests want none. */
export function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
