/** The release that a start asks for: its folder, its values, and what they make of the configuration's templates (pure). */
import { join, resolve } from 'node:path';
import {
  misfitsOf,
  variableOf,
  type PrepareCommand,
  type ReleaseConfig,
  type ReleaseOverrides,
  type ReleaseWishes,
} from '../../config/release.js';
import { fillTemplate } from '../../config/template.js';
import type { ReleaseChange } from '../pm2/spec.js';

/** A release that is made for one rollout, frozen with it. */
export interface Release {
  /** Absolute; a folder of its own. */
  readonly dir: string;
  readonly version: string | null;
  /** What `--set` gave, by name. */
  readonly values: Readonly<Record<string, string>>;
}

/** Why the wishes do not fit the configuration, all at once; empty when they do. */
export function wishProblems(
  service: string,
  config: ReleaseConfig | null,
  wishes: ReleaseWishes,
): string[] {
  if (config === null) {
    return [`${service} has no release.prepare: --version and --set have nothing to go into`];
  }
  const { lacksVersion, lacking, strange } = misfitsOf(config, wishes);
  const missing = [
    ...(lacksVersion ? ['--version'] : []),
    ...lacking.map((name) => `--set ${name}=...`),
  ];
  return [
    ...(missing.length > 0 ? [`${service}'s release wants ${missing.join(', ')} too`] : []),
    ...strange.map(
      (name) =>
        `--set ${name}: ${service}'s release.set does not have it: ${config.set.join(', ') || 'it is empty'}`,
    ),
  ];
}

/** The release of a rollout. Its folder tells the version and the rollout. */
export function releaseFor(
  { dir }: ReleaseConfig,
  rolloutId: string,
  { version, set = {} }: ReleaseWishes,
): Release {
  const name = version === undefined ? rolloutId : `${version}-${rolloutId}`;
  return { dir: join(dir, name), version: version ?? null, values: set };
}

/**
 * Why the folder's path cannot be put into a command; null when it can. What comes from the
 * configuration was checked there, the state folder was not.
 */
export function folderProblem({ dir }: Release): string | null {
  return /^[A-Za-z0-9._~+@/-]+$/.test(dir)
    ? null
    : `the release's folder ${dir} has characters that a shell reads: set release.dir`;
}

/** The commands with their values in place; each `cwd` is absolute. */
export function commandsOf({ prepare }: ReleaseConfig, release: Release): PrepareCommand[] {
  const fill = filler(release);
  return prepare.map(({ line, timeoutMs, cwd, env }) => ({
    line: fill(line),
    timeoutMs,
    cwd: resolve(release.dir, fill(cwd)),
    env: mapValues(env, fill),
  }));
}

/** What points main's spec at the release. Relative paths are seen from the release's folder. */
export function changeFor({ overrides }: ReleaseConfig, release: Release): ReleaseChange {
  const fill = filler(release);
  const path = (text: string): string => resolve(release.dir, fill(text));
  const { script, cwd, interpreter, nodeArgs, args, env }: ReleaseOverrides = overrides;
  return {
    ...(script !== undefined && { script: path(script) }),
    ...(cwd !== undefined && { cwd: path(cwd) }),
    ...(interpreter !== undefined && {
      // A bare command is looked up in the PATH by PM2.
      interpreter:
        interpreter.includes('/') || interpreter.includes('{{releaseDir}}')
          ? path(interpreter)
          : fill(interpreter),
    }),
    ...(nodeArgs && { interpreterArgs: nodeArgs.map(fill) }),
    ...(args && { args: args.map(fill) }),
    ...(env && { env: mapValues(env, fill) }),
  };
}

/** The variables that a command finds its release by; one without a version has none. */
export function releaseEnv({ dir, version, values }: Release): NodeJS.ProcessEnv {
  const own = Object.entries(values).map(([name, value]) => [variableOf(name), value]);
  return {
    RELEASE_DIR: dir,
    VERSION: version ?? undefined,
    ...(Object.fromEntries(own) as Record<string, string>),
  };
}

function filler({ dir, version, values }: Release): (text: string) => string {
  const all: Readonly<Record<string, string>> = {
    ...values,
    releaseDir: dir,
    ...(version !== null && { version }),
  };
  return (text) => fillTemplate(text, (name) => all[name] ?? '');
}

function mapValues(
  texts: Readonly<Record<string, string>>,
  change: (text: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([key, value]) => [key, change(value)]));
}
