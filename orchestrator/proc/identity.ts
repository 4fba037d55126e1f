/**
 * Proof of what a process really runs. PM2's `online` proves nothing, but PM2 gives every process
 * its settings as environment, and the kernel keeps what a process was started with.
 */
import { parseJson } from '../../common/parse-json.js';
import { changedEnvKeys, type AppSpec } from '../pm2/spec.js';
import { environOf } from './files.js';

/** Shells and the wrappers written in them set these for what they start. */
const SHELL_KEYS = ['PATH', 'PWD', 'OLDPWD', 'SHLVL', '_'];

export type Proof =
  | { readonly proven: true }
  | {
      readonly proven: false;
      /** Names keys, never values of the environment. */
      readonly reason: string;
      /** The process shows nothing for or against it: PM2's list is then the best evidence. */
      readonly hidden: boolean;
    };

/**
 * Proves that a process was started by PM2 from this spec: script, cwd and interpreter, and every
 * variable in which the release differs from `before`, removed ones included. Arguments cannot be
 * proven so (PM2 does not pass them on, and node overwrites its command line): compare the app's
 * listed spec and its pid.
 *
 * A program that overwrites its own environment block, as setproctitle does, hides it.
 */
export function proveRuns(pid: number, spec: AppSpec, before: AppSpec): Proof {
  const environ = startEnviron(pid);
  if (environ === null)
    return unproven(`process ${pid} is gone, or its environment cannot be read`);
  const commands = {
    pm_exec_path: spec.script,
    pm_cwd: spec.cwd,
    exec_interpreter: spec.interpreter,
  };
  for (const [key, wanted] of Object.entries(commands)) {
    const got = environ.get(key);
    if (got === undefined)
      return { ...unproven(`process ${pid} does not show what PM2 started it with`), hidden: true };
    if (got !== wanted)
      return unproven(`process ${pid} was started with ${key} ${got}, not ${wanted}`);
  }
  const changed = changedEnvKeys(before, spec).filter((key) => !SHELL_KEYS.includes(key));
  const wrong = changed.filter((key) => environ.get(key) !== spec.env[key]);
  if (wrong.length === 0) return { proven: true };
  return unproven(
    `process ${pid} was started without the release's environment: ${wrong.join(', ')}`,
  );
}

function unproven(reason: string): { proven: false; reason: string; hidden: boolean } {
  return { proven: false, reason, hidden: false };
}

/** A cluster worker has the daemon's environment, and the app's as JSON in `pm2_env`. */
function startEnviron(pid: number): ReadonlyMap<string, string> | null {
  const environ = environOf(pid);
  const settings = environ?.get('pm2_env');
  return settings === undefined ? environ : workerEnviron(settings);
}

function workerEnviron(json: string): ReadonlyMap<string, string> | null {
  const settings = parseJson(json);
  if (typeof settings !== 'object' || settings === null) return null;
  return new Map(Object.entries(settings).map(([key, value]) => [key, String(value)]));
}
