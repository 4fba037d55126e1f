/**
 * A PM2 daemon of one's own, in a temporary folder: what the demo runs on, and the tests too. It
 * never touches the user's PM2, and `dispose` leaves nothing behind.
 *
 * Every process below the daemon inherits its PM2_HOME, which is a folder nobody else has: that is
 * how `dispose` finds all of them, orphans of a killed daemon and successors made by `pm2 update`
 * included.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { markedProcesses } from '../orchestrator/proc/marked.js';

const PM2_DIR = dirname(createRequire(import.meta.url).resolve('pm2/package.json'));
const BOOT_TIMEOUT_MS = 60_000;
const CLI_TIMEOUT_MS = 60_000;
const KILL_TIMEOUT_MS = 10_000;

export interface PrivatePm2 {
  /** PM2_HOME. */
  readonly home: string;
  /** A folder for the apps' files, removed with everything else. */
  readonly dir: string;
  /** The clean environment that daemon and CLI are run with. */
  readonly env: Readonly<Record<string, string>>;
  /** Of the running daemon, null when there is none. */
  daemonPid(): number | null;
  /**
   * Runs the pm2 CLI, e.g. `pm2('start', 'ecosystem.json')`, and gives its stdout. Note that the
   * CLI starts a daemon when there is none.
   * @throws Error with the CLI's output when it ends with another code than 0.
   */
  pm2(...args: readonly string[]): Promise<string>;
  /** Starts a daemon again after the last one was killed. */
  startDaemon(): Promise<void>;
  /** All living processes of this PM2: the daemon, its apps and what they started. */
  pids(): readonly number[];
  /** Kills all of them and removes the folder. */
  dispose(): Promise<void>;
}

/**
 * Starts a private PM2 daemon and waits until it answers.
 * @param env added to the clean environment (PATH, HOME, PM2_HOME) of daemon and CLI.
 */
export async function startPrivatePm2(
  env: Readonly<Record<string, string>> = {},
): Promise<PrivatePm2> {
  const root = mkdtempSync(join(tmpdir(), 'cpm-'));
  const home = join(root, 'pm2');
  const dir = join(root, 'apps');
  for (const folder of [dir, ...['pids', 'logs', 'modules'].map((name) => join(home, name))])
    mkdirSync(folder, { recursive: true });
  // Without this file the CLI prints a banner and asks a server for PM2's newest version.
  writeFileSync(join(home, 'touch'), '');
  const full = cleanEnv(root, home, env);
  const pm2: PrivatePm2 = {
    home,
    dir,
    env: full,
    daemonPid: () => livingDaemon(home),
    pm2: (...args) => runCli(full, dir, args),
    startDaemon: () => startDaemon(full, home),
    pids: () => pidsOf(home),
    dispose: async () => {
      await killAll(home);
      rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  await pm2.startDaemon();
  return pm2;
}

function cleanEnv(
  root: string,
  home: string,
  env: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: root,
    LANG: 'C.UTF-8',
    PM2_HOME: home,
    ...env,
  };
}

function livingDaemon(home: string): number | null {
  try {
    const pid = Number(readFileSync(join(home, 'pm2.pid'), 'utf8'));
    return pid > 0 && pidsOf(home).includes(pid) ? pid : null;
  } catch {
    return null;
  }
}

async function startDaemon(env: Record<string, string>, home: string): Promise<void> {
  // Where a daemon that the CLI starts writes to.
  const log = openSync(join(home, 'pm2.log'), 'a');
  const daemon = spawn(process.execPath, [join(PM2_DIR, 'lib', 'Daemon.js')], {
    cwd: home,
    env,
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  await firstMessage(daemon);
  daemon.disconnect();
  daemon.unref();
}

/** The daemon tells its parent when both of its sockets are bound. */
function firstMessage(daemon: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`PM2's daemon did not start within ${BOOT_TIMEOUT_MS} ms`)),
      BOOT_TIMEOUT_MS,
    );
    daemon.once('message', () => {
      clearTimeout(timer);
      resolve();
    });
    daemon.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`PM2's daemon ended at its start with code ${String(code)}`));
    });
  });
}

function runCli(
  env: Record<string, string>,
  cwd: string,
  args: readonly string[],
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [join(PM2_DIR, 'bin', 'pm2'), ...args],
      { env, cwd, timeout: CLI_TIMEOUT_MS, maxBuffer: 64 << 20 },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`pm2 ${args.join(' ')}: ${error.message}\n${stdout}\n${stderr}`));
      },
    );
  });
}

function pidsOf(home: string): number[] {
  return markedProcesses('PM2_HOME', home).map(({ pid }) => pid);
}

async function killAll(home: string): Promise<void> {
  const deadlineMs = Date.now() + KILL_TIMEOUT_MS;
  for (let pids = kill(home); pids.length > 0; pids = kill(home)) {
    if (Date.now() > deadlineMs)
      throw new Error(`processes of ${home} survive SIGKILL: ${pids.join(', ')}`);
    await delay(20);
  }
}

/** The daemon goes first: it would start its apps again. */
function kill(home: string): readonly number[] {
  const daemon = livingDaemon(home);
  const pids = pidsOf(home);
  for (const pid of daemon === null ? pids : [daemon, ...pids]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      continue; // It has just ended by itself.
    }
  }
  return pids;
}
