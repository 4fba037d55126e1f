/**
 * Where an ecosystem file no longer says what main runs. After a promotion that is so until somebody
 * edits the file, and the next `pm2 start ecosystem.config.js` would undo a part of the promotion: PM2
 * gives an app that it knows the file's interpreter, arguments and environment, but not its script and
 * cwd.
 */
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { findEcosystemFiles, readEcosystemEntry } from './ecosystem-file.js';
import { lineOfKey } from './ecosystem-line.js';
import { applyRelease, diffSpec, type AppSpec, type ReleaseChange } from './spec.js';

export interface EcosystemInput {
  /** The PM2 app that is main. */
  readonly app: string;
  /** What main runs. */
  readonly live: AppSpec;
  /** What the last promotion changed: a file that is silent about that is wrong too. */
  readonly change: ReleaseChange;
  /** The file, when it is configured; else the first in `folders` that has the app is taken. */
  readonly file: string | null;
  readonly folders: readonly string[];
  /** What a JavaScript file finds in `process.env`. */
  readonly env: NodeJS.ProcessEnv;
}

/** One thing that the file should say. */
export interface EcosystemDifference {
  /** As an entry has it: `script`, `cwd`, `interpreter`, `interpreter_args`, `args`, `env.KEY`. */
  readonly key: string;
  /** Where the file says it, from 1; null when it does not, or it is not found in the text. */
  readonly line: number | null;
  /** Values of an environment are masked. */
  readonly says: string;
  readonly wanted: string;
}

export type EcosystemDrift =
  | { readonly kind: 'no-file' }
  | { readonly kind: 'unreadable'; readonly file: string; readonly reason: string }
  | { readonly kind: 'same'; readonly file: string }
  | {
      readonly kind: 'differs';
      readonly file: string;
      readonly differences: readonly EcosystemDifference[];
    };

/** Compares main with its entry in the ecosystem file. Never rejects. */
export async function ecosystemDrift(input: EcosystemInput): Promise<EcosystemDrift> {
  const files = input.file === null ? await findEcosystemFiles(input.folders) : [input.file];
  let unreadable: EcosystemDrift | null = null;
  for (const file of files) {
    const folder = dirname(file);
    const found = await readEcosystemEntry(file, input.app, { folder, env: input.env });
    if (found.kind === 'entry') return compared(file, found.release, input);
    const reason = found.kind === 'unreadable' ? found.reason : `it has no app ${input.app}`;
    if (found.kind === 'unreadable' || input.file !== null) {
      unreadable ??= { kind: 'unreadable', file, reason };
    }
  }
  return unreadable ?? { kind: 'no-file' };
}

/** Where the ecosystem file of an app may be: its working directory, and where it was started from. */
export function ecosystemFolders({ cwd, env }: AppSpec): readonly string[] {
  return [cwd, env['PWD'] ?? cwd];
}

/** One line of text for each thing that the file should say, or none. */
export function ecosystemWarnings(drift: EcosystemDrift): readonly string[] {
  if (drift.kind !== 'differs') return [];
  const { file, differences } = drift;
  return differences.map(({ key, line, says, wanted }) => {
    const where = line === null ? file : `${file}:${line}`;
    return `${where} does not say what main runs: ${key} is ${says}, should be ${wanted}`;
  });
}

async function compared(
  file: string,
  says: ReleaseChange,
  { app, live, change }: EcosystemInput,
): Promise<EcosystemDrift> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const differences = [...otherwise(says, live), ...missing(says, change, live)].map(
    ({ key, ...rest }) => ({ key, line: lineOfKey({ file, text, app, key }), ...rest }),
  );
  return differences.length === 0 ? { kind: 'same', file } : { kind: 'differs', file, differences };
}

type Difference = Omit<EcosystemDifference, 'line'>;

/** What the file says, and says otherwise. */
function otherwise(says: ReleaseChange, live: AppSpec): Difference[] {
  const command = isSameCommand(says.interpreter, live.interpreter)
    ? { ...says, interpreter: live.interpreter }
    : says;
  return diffSpec(applyRelease(live, command), live).map(({ field, before, after }) => ({
    key: keyOf(field),
    says: before,
    wanted: field.startsWith('env.') ? 'what main has' : after,
  }));
}

/** What the promotion changed, and the file does not mention. */
function missing(says: ReleaseChange, change: ReleaseChange, live: AppSpec): Difference[] {
  const fields = ['script', 'cwd', 'interpreter', 'interpreterArgs', 'args'] as const;
  const silent = fields.filter((field) => change[field] !== undefined && says[field] === undefined);
  const env = Object.entries(change.env ?? {}).filter(
    ([key, value]) => value !== null && says.env?.[key] === undefined,
  );
  return [
    ...silent.map((field) => ({
      key: keyOf(field),
      says: '(absent)',
      wanted: [live[field]].flat().join(' '),
    })),
    ...env.map(([key]) => ({ key: `env.${key}`, says: '(absent)', wanted: 'what main has' })),
  ];
}

/** PM2 may hold the path of what the file names by its command alone. */
function isSameCommand(says: string | undefined, runs: string): boolean {
  return says !== undefined && !says.includes('/') && basename(runs) === says;
}

function keyOf(field: string): string {
  return field === 'interpreterArgs' ? 'interpreter_args' : field;
}
