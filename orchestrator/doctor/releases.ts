/** Whether releases could be made: their folder, and the programs of their commands. */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ReleaseConfig } from '../../config/release.js';
import { canAccess } from '../can-access.js';
import { failure, ok, warning, type Diagnosis } from './diagnosis.js';
import { servicesOf, type Facts } from './facts.js';

export async function checkReleases(facts: Facts): Promise<Diagnosis[]> {
  const found = await Promise.all(
    servicesOf(facts).map(async ({ name, release }) =>
      release === null ? [] : await checkRelease(`${name} release`, release, facts.env),
    ),
  );
  return found.flat();
}

async function checkRelease(
  check: string,
  { dir, prepare }: ReleaseConfig,
  env: NodeJS.ProcessEnv,
): Promise<Diagnosis[]> {
  const programs = [...new Set(prepare.flatMap(({ line }) => programOf(line) ?? []))];
  const missing: string[] = [];
  for (const program of programs) if (!(await isKnown(program, env))) missing.push(program);
  const folder = await nearest(dir);
  const writable = await canAccess(folder, constants.W_OK | constants.X_OK);
  const troubles = [
    ...(writable ? [] : [failure(check, `${folder} cannot be written to`, 'set release.dir')]),
    ...missing.map((program) =>
      warning(check, `there is no ${program} on this PATH`, 'install it, or give its whole path'),
    ),
  ];
  return troubles.length > 0 ? troubles : [ok(check, `releases can be made in ${dir}`)];
}

/** The program that a line begins with; null when that cannot be told, or is made on the way. */
function programOf(line: string): string | null {
  const word = /^\s*([A-Za-z0-9._+/-]+)(?=\s|$)/.exec(line)?.[1] ?? null;
  return word?.includes('/') === true && !word.startsWith('/') ? null : word;
}

/** As the shell that will run it sees it: its own commands count too. */
function isKnown(program: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  return new Promise((resolve) => {
    const args = ['-c', 'command -v "$1"', 'sh', program];
    execFile('/bin/sh', args, { env, timeout: 2_000 }, (error) => resolve(error === null));
  });
}

/** The folder, or the nearest above it that is there. */
async function nearest(dir: string): Promise<string> {
  const up = dirname(dir);
  return up === dir || (await canAccess(dir, constants.F_OK)) ? dir : nearest(up);
}
