/**
 * A home folder of its own in which a document's commands are run by bash, as a reader runs them:
 * with PM2 on the PATH and nothing else that the document does not install. The folder and all
 * processes that were started in it go with `dispose`.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '../../common/clock.js';
import { DEFAULT_PORTS } from '../../orchestrator/init/draft.js';
import { endProcesses, markedProcesses } from '../../orchestrator/proc/marked.js';
import { freePorts } from '../../demo/free-port.js';

const PM2 = join(dirname(createRequire(import.meta.url).resolve('pm2/package.json')), 'bin', 'pm2');
/** Documents use ports from 8080 to 8099. */
const PORT = /\b80[89]\d\b/g;
const FIRST_PORT = 8080;
const PORTS = 20;
const COMMAND_TIMEOUT_MS = 280_000;
const SWEEPS = 20;

export interface SandboxOptions {
  /** Folders of programs that come before those of the system: another Node, say. */
  readonly path?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Ran {
  readonly ok: boolean;
  /** Both streams, as a terminal shows them. */
  readonly output: string;
}

export interface Sandbox {
  /** $HOME, where the first command runs. */
  readonly home: string;
  /**
   * Runs a block. The folder and the variables of the one before are kept; the first command that
   * fails ends it.
   */
  run(command: string): Promise<Ran>;
  /** A document's text with the ports that its commands have here. */
  ported(text: string): string;
  dispose(): Promise<void>;
}

export async function openSandbox({ path = [], env = {} }: SandboxOptions = {}): Promise<Sandbox> {
  const root = mkdtempSync(join(tmpdir(), 'canary-walk-'));
  const home = join(root, 'home');
  const bin = join(root, 'bin');
  const state = join(root, 'state');
  for (const folder of [join(home, '.pm2'), bin, state]) mkdirSync(folder, { recursive: true });
  // Without this file PM2 asks a server for its newest version.
  writeFileSync(join(home, '.pm2', 'touch'), '');
  symlinkSync(PM2, join(bin, 'pm2'));
  const prefix = join(home, '.npm-global');
  const folders = [join(prefix, 'bin'), ...path, bin, ...systemPath()];
  const full = {
    PATH: folders.join(':'),
    HOME: home,
    LANG: 'C.UTF-8',
    npm_config_prefix: prefix,
    ...env,
  };
  const firstPort = await freePorts(PORTS);
  const held = await holdDefaultPorts();
  return {
    home,
    run: (command) => runBash(command, { env: full, state }),
    ported: (text) =>
      text.replaceAll(PORT, (port) => String(firstPort + Number(port) - FIRST_PORT)),
    dispose: async () => {
      for (const server of held) server.close();
      await endAll(home);
      rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** The caller's programs, less those that npm adds for a package's scripts. */
function systemPath(): readonly string[] {
  const folders = (process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin').split(':');
  return [dirname(process.execPath), ...folders.filter((name) => !name.includes('node_modules'))];
}

/** So that `canary init` takes other ports for its own processes, here and wherever they are taken. */
async function holdDefaultPorts(): Promise<readonly Server[]> {
  const servers = await Promise.all(DEFAULT_PORTS.map(hold));
  return servers.filter((server) => server !== null);
}

function hold(port: number): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once('error', () => resolve(null));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

interface Shell {
  readonly env: Readonly<Record<string, string>>;
  /** Where the folder and the variables are kept between two blocks. */
  readonly state: string;
}

function runBash(command: string, { env, state }: Shell): Promise<Ran> {
  const kept = join(state, 'kept.sh');
  const script = [
    'exec 2>&1',
    `if [ -e '${kept}' ]; then . '${kept}'; else cd; fi`,
    `trap 'code=$?; { export -p; printf "cd %q\\n" "$PWD"; } > "${kept}"; exit $code' EXIT`,
    'set -eo pipefail',
    command,
  ].join('\n');
  return new Promise((resolve) => {
    const options = { env: { ...env }, timeout: COMMAND_TIMEOUT_MS, maxBuffer: 16 << 20 };
    execFile('bash', ['-c', script], options, (error, stdout) => {
      const late = error?.killed === true ? `\n(ended after ${COMMAND_TIMEOUT_MS} ms)` : '';
      resolve({ ok: error === null, output: stdout + late });
    });
  });
}

/** PM2's daemon starts again what ends before it does, so one sweep may not be enough. */
async function endAll(home: string): Promise<void> {
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const processes = markedProcesses('HOME', home);
    if (processes.length === 0) return;
    await endProcesses(processes, 'SIGTERM', sweep === 0 ? 2_000 : 100, systemClock);
  }
  throw new Error(`processes of ${home} survive SIGKILL`);
}
