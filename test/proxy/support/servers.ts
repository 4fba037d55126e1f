/** Real MCP servers as child processes, each on a free port, each ended by its pid. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { freePort } from '../../support/ports.js';
import { waitFor } from '../../support/wait.js';
import { EVERYTHING } from '../../../demo/everything.js';

const require = createRequire(import.meta.url);

export interface RunningServer {
  readonly port: number;
  readonly pid: number;
  /** Ends it, and waits until it is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts `command` and waits until `port` takes connections. */
export async function startServer(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  port: number,
): Promise<RunningServer> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: process.env['SHOW_SERVERS'] ? 'inherit' : 'ignore',
  });
  await waitFor(() => takesConnections(port), { what: `port ${port} to listen` });
  return { port, pid: child.pid ?? 0, kill: (signal = 'SIGKILL') => end(child, signal) };
}

/** server-everything with the given transport. */
export async function startEverything(
  transport: 'streamableHttp' | 'sse',
  onPort?: number,
): Promise<RunningServer> {
  const port = onPort ?? (await freePort());
  return startServer([EVERYTHING, transport], { PORT: String(port) }, port);
}

/** mcp-proxy in front of server-everything over stdio: legacy, stateless and SSE on one port. */
export async function startMcpProxy(): Promise<RunningServer> {
  const port = await freePort();
  const bin = join(dirname(require.resolve('mcp-proxy/package.json')), 'dist/bin/mcp-proxy.mjs');
  const own = ['--host', '127.0.0.1', '--port', String(port)];
  return startServer([bin, ...own, '--', process.execPath, EVERYTHING, 'stdio'], {}, port);
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
