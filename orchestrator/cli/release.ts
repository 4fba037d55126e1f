/** The new release as the command line names it: flags, or an app's entry in an ecosystem file. */
import { resolve } from 'node:path';
import type { StartRequest } from '../control/messages.js';
import { defined, interpreterPath, readEcosystemEntry, splitArgs } from '../pm2/ecosystem-file.js';
import { CommandError, EXIT, type Io } from './io.js';

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

/**
 * The release that an ecosystem file gives for an app. A JavaScript file is run, as PM2 runs it, with
 * the rights of whoever typed the command.
 * @throws CommandError when there is no such file or no such entry.
 */
export async function releaseFromEcosystem(
  file: string,
  app: string,
  { cwd, env }: Pick<Io, 'cwd' | 'env'>,
): Promise<Release> {
  const path = resolve(cwd, file);
  const entry = await readEcosystemEntry(path, app, { folder: cwd, env });
  switch (entry.kind) {
    case 'entry':
      return entry.release as Release;
    case 'no-entry':
      throw new CommandError(`${path} has no app named ${app}`, EXIT.usage);
    case 'unreadable':
      throw new CommandError(`cannot load ${path}: ${entry.reason}`, EXIT.usage);
  }
}
