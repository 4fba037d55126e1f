/**
 * Proof of what a process really runs. PM2's `online` proves nothing, but PM2 gives every process
 * its settings as environment, and the kernel keeps what a process was started with.
 */
import type { AppSpec } from '../pm2/spec.js';
import { changedEnvKeys } from '../pm2/spec.js';
import { read } from './files.js';

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
  if (environ === null) return not(`process ${pid} is gone, or its environment cannot be read`);
  const commands = {
    pm_exec_path: spec.script,
    pm_cwd: spec.cwd,
    exec_interpreter: spec.interpreter,
  };
  for (const [key, wanted] of Object.entries(commands)) {
    const got = environ[key];
    if (got === undefined)
      return { ...not(`process ${pid} does not show what PM2 started it with`), hidden: true };
    if (got !== wanted) return not(`process ${pid} was started with ${key} ${got}, not ${wanted}`);
  }
  const changed = changedEnvKeys(before, spec).filter((key) => !SHELL_KEYS.includes(key));
  const wrong = changed.filter((key) => environ[key] !== spec.env[key]);
  if (wrong.length === 0) return { proven: true };
  return not(`process ${pid} was started without the release's environment: ${wrong.join(', ')}`);
}

function not(reason: string): { proven: false; reason: string; hidden: boolean } {
  return { proven: false, reason, hidden: false };
}

/** A cluster worker has the daemon's environment, and the app's as JSON in `pm2_env`. */
function startEnviron(pid: number): Readonly<Record<string, string>> | null {
  const text = read(`/proc/${pid}/environ`);
  if (text === '') return null;
  const environ = Object.fromEntries(
    text.split('\0').map((entry) => {
      const at = entry.indexOf('=');
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  ) as Record<string, string>;
  return environ['pm2_env'] === undefined ? environ : workerEnviron(environ['pm2_env']);
}

function workerEnviron(json: string): Readonly<Record<string, string>> | null {
  try {
    const entries = Object.entries(JSON.parse(json) as Record<string, unknown>);
    return Object.fromEntries(entries.map(([key, value]) => [key, String(value)]));
  } catch {
    return null;
  }
}
