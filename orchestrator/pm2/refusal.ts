/**
 * What is found out before anything is started: why an app cannot have a canary, and why a spec
 * cannot run. PM2 would say `online` to most of it.
 */
import { constants, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { canAccess } from '../can-access.js';
import type { App } from '../process-manager.js';
import { because } from '../refusals.js';
import { specProblems, type AppSpec } from './spec.js';

/** Every reason against a canary of the app `name`, named `canaryName`, with this release. Pure. */
export function canaryRefusals(
  apps: readonly App[],
  name: string,
  canaryName: string,
  release: AppSpec,
): string[] {
  const mains = apps.filter((app) => app.name === name);
  return [
    ...mainRefusals(mains, name),
    ...nameRefusals(apps, name, canaryName),
    ...mains.slice(0, 1).flatMap((main) => clusterRefusals(main, release)),
  ];
}

function mainRefusals(mains: readonly App[], name: string): string[] {
  const [main, ...others] = mains;
  if (main === undefined) return [because('no-app', `PM2 has no app ${name}`)];
  if (others.length > 0) {
    const mode = main.execMode === 'cluster' ? 'instances (cluster mode)' : 'apps';
    return [
      because(
        'several-apps',
        `PM2 runs ${mains.length} ${mode} named ${name}: a canary needs exactly one`,
      ),
    ];
  }
  if (main.status !== 'online')
    return [
      because(
        'app-not-running',
        `${name} is ${main.status}: a canary is compared with a running app`,
      ),
    ];
  if (main.pid === null)
    return [because('app-not-running', `PM2 says ${name} is online, but it has no process`)];
  return [];
}

/** A cluster's workers run on the daemon's own node, whatever interpreter is set. */
export function clusterRefusals(main: App, release: AppSpec): string[] {
  const { interpreter } = main.spec;
  if (main.execMode === 'fork' || interpreter === release.interpreter) return [];
  return [
    because(
      'cluster-interpreter',
      `${main.name} is in cluster mode: PM2 cannot run it with ${release.interpreter}`,
    ),
  ];
}

/** PM2's commands take a name, a namespace, a pm_id or `all` alike: `pm2 delete` must not mix them up. */
function nameRefusals(apps: readonly App[], name: string, canaryName: string): string[] {
  const refused = (reason: string): string[] => [because('canary-name', reason)];
  if (canaryName === name) return refused(`the canary cannot have main's name, ${name}`);
  if (canaryName === 'all' || /^\d+$/.test(canaryName))
    return refused(
      `the canary cannot be named ${canaryName}: PM2 reads that as a selection of apps`,
    );
  if (apps.some((app) => app.namespace === canaryName))
    return refused(`the canary cannot be named ${canaryName}: PM2 has a namespace of that name`);
  const stranger = apps.find((app) => app.name === canaryName && app.rollout === null);
  if (stranger === undefined) return [];
  return refused(`PM2 has an app ${canaryName} (pm_id ${stranger.pmId}) that is no canary`);
}

/**
 * Why a spec cannot run here: missing files, or an interpreter that does not fit the script.
 * @param settingsPath the PATH among the app's settings: an environment that `--update-env` has
 * reduced to what is configured has none of its own, and the process gets that one.
 */
export async function runRefusals(spec: AppSpec, settingsPath: string): Promise<string[]> {
  const [cwd, script, interpreter] = await Promise.all([
    cwdRefusal(spec),
    scriptRefusal(spec),
    interpreterRefusal(spec, settingsPath),
  ]);
  return [...specProblems(spec), cwd, script, interpreter].filter((reason) => reason !== null);
}

async function cwdRefusal({ cwd }: AppSpec): Promise<string | null> {
  const isFolder = await stat(cwd).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isFolder ? null : because('bad-cwd', `cwd ${cwd} is no folder`);
}

async function scriptRefusal({ script, interpreter }: AppSpec): Promise<string | null> {
  const mode = interpreter === 'none' ? constants.X_OK : constants.R_OK;
  if (!(await canAccess(script, mode)))
    return because(
      'bad-script',
      `script ${script} cannot be ${interpreter === 'none' ? 'executed' : 'read'}`,
    );
  if (basename(interpreter) !== 'node') return null;
  const wanted = await shebangOf(script);
  if (wanted === null || /\bnode\b/.test(wanted)) return null;
  return because(
    'bad-interpreter',
    `script ${script} asks for ${wanted}, but the interpreter is ${interpreter}`,
  );
}

async function interpreterRefusal(
  { interpreter, cwd, env }: AppSpec,
  settingsPath: string,
): Promise<string | null> {
  if (interpreter === 'none') return null;
  const folders = interpreter.includes('/') ? [''] : (env['PATH'] ?? settingsPath).split(':');
  for (const folder of folders) {
    const path = interpreter.startsWith('/') ? interpreter : join(folder || cwd, interpreter);
    if (await canAccess(path, constants.X_OK)) return null;
  }
  return because('bad-interpreter', `interpreter ${interpreter} cannot be found or executed`);
}

/** What a script's first line names, e.g. `/usr/bin/env python3`; null for a folder, too. */
async function shebangOf(script: string): Promise<string | null> {
  const text = await readFile(script, 'utf8').catch(() => '');
  return /^#!\s*([^\n]*)/.exec(text)?.[1]?.trim() ?? null;
}
