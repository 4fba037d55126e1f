/** The packages that a spec would run with, listed by a command. */
import { constants } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../../common/parse-json.js';
import type { DependencyLister } from '../../config/release.js';
import { canAccess } from '../can-access.js';
import type { AppSpec } from '../pm2/spec.js';
import { runCommand, type CommandOptions } from './command.js';
import { sameName, type Packages } from './dependencies.js';

export type Listed =
  | { readonly ok: true; readonly packages: Packages }
  | { readonly ok: false; readonly reason: string };

export type ListOptions = Pick<CommandOptions, 'env' | 'signal' | 'clock'>;

const TIMEOUT_MS = 60_000;
const MAX_LIST_BYTES = 8 << 20;

/**
 * What `pip freeze` names, asked of the interpreter itself: an environment without pip (uv's) has
 * it too. Isolated, so that neither the folder nor the orchestrator's variables add anything.
 */
const PYTHON_CODE = [
  'from importlib.metadata import distributions',
  'for d in distributions():',
  '    print("%s==%s" % (d.metadata["Name"], d.version))',
].join('\n');
/** Left out, as `pip freeze` does: they come with the environment. */
const PYTHON_TOOLS = new Set(['pip', 'setuptools', 'wheel', 'distribute']);

/** Lists the packages. Never rejects. */
export async function listPackages(
  lister: DependencyLister,
  spec: AppSpec,
  options: ListOptions,
): Promise<Listed> {
  switch (lister.kind) {
    case 'pip': {
      const python = await pythonOf(spec);
      if (python === null) return { ok: false, reason: 'no python was found beside the app' };
      const env = { ...options.env, PYTHON: python, CODE: PYTHON_CODE };
      const listed = await output('"$PYTHON" -I -c "$CODE"', spec, { ...options, env });
      return listed.ok ? fromLines(listed.text, (name) => !PYTHON_TOOLS.has(name)) : listed;
    }
    case 'npm': {
      const listed = await output('npm ls --all --json', spec, options);
      // npm finds fault with what is installed by its exit code, and lists it all the same.
      return listed.text === '' && !listed.ok ? listed : fromNpm(listed.text);
    }
    case 'run': {
      const listed = await output(lister.line, spec, options);
      return listed.ok ? fromLines(listed.text, () => true) : listed;
    }
  }
}

/** The python that runs the app, or the one of the environment that its script or folder has. */
async function pythonOf({ interpreter, script, cwd }: AppSpec): Promise<string | null> {
  if (/^python[\d.]*$/.test(basename(interpreter))) return interpreter;
  const candidates = [join(dirname(script), 'python'), join(cwd, '.venv', 'bin', 'python')];
  for (const candidate of candidates) {
    if (await canAccess(candidate, constants.X_OK)) return candidate;
  }
  return null;
}

type Output =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly text: string; readonly reason: string };

/** Runs where the app runs, with its PATH. */
async function output(
  line: string,
  { cwd, env: { PATH } }: AppSpec,
  options: ListOptions,
): Promise<Output> {
  const chunks: Buffer[] = [];
  let size = 0;
  const { trouble } = await runCommand(line, {
    ...options,
    cwd,
    env: { ...options.env, ...(PATH !== undefined && { PATH }) },
    timeoutMs: TIMEOUT_MS,
    onOutput: (chunk, stream) => {
      if (stream === 'stderr' || size > MAX_LIST_BYTES) return;
      size += chunk.length;
      chunks.push(chunk);
    },
  });
  if (size > MAX_LIST_BYTES) return { ok: false, text: '', reason: 'the list is too long' };
  const text = Buffer.concat(chunks).toString('utf8');
  return trouble === null ? { ok: true, text } : { ok: false, text, reason: trouble };
}

/** `NAME==VERSION` a line; other lines are passed over. */
function fromLines(text: string, counts: (name: string) => boolean): Listed {
  const entries = text.split('\n').flatMap((line) => {
    const [, name, version] = /^(\S+?)==(\S+)\s*$/.exec(line) ?? [];
    if (name === undefined || version === undefined) return [];
    return counts(sameName(name)) ? [[sameName(name), version] as const] : [];
  });
  return { ok: true, packages: collected(entries) };
}

interface NpmNode {
  readonly version?: string | undefined;
  readonly dependencies?: Readonly<Record<string, NpmNode>> | undefined;
}

const npmNode: z.ZodType<NpmNode> = z.object({
  version: z.string().optional(),
  get dependencies() {
    return z.record(z.string(), npmNode).optional();
  },
});

function fromNpm(text: string): Listed {
  const tree = npmNode.safeParse(parseJson(text)).data;
  if (tree === undefined) return { ok: false, reason: 'npm ls gave no list' };
  const entries: [string, string][] = [];
  const walk = ({ dependencies = {} }: NpmNode): void => {
    for (const [name, node] of Object.entries(dependencies)) {
      // What is wanted but not installed has no version.
      if (node.version !== undefined) entries.push([name, node.version]);
      walk(node);
    }
  };
  walk(tree);
  return { ok: true, packages: collected(entries) };
}

function collected(entries: readonly (readonly [string, string])[]): Packages {
  const versions = new Map<string, Set<string>>();
  for (const [name, version] of entries) {
    versions.set(name, (versions.get(name) ?? new Set()).add(version));
  }
  return new Map([...versions].map(([name, found]) => [name, [...found].sort().join(', ')]));
}
