/** canary-proxy as a process of its own, in front of one service: it can be killed, and come back. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { proxyStateSchema } from '../../../common/protocol.js';
import { waitFor } from '../../support/wait.js';
import { SERVICE, startProxy, type TestProxy } from './proxies.js';

const MAIN = fileURLToPath(new URL('../../../dist/proxy/main.js', import.meta.url));

export interface ProxyProcess {
  readonly url: string;
  /** What it has written to its log so far. */
  log(): string;
  readonly state: TestProxy['state'];
  readonly setRoute: TestProxy['setRoute'];
  readonly admin: TestProxy['admin'];
  readonly home: TestProxy['home'];
  start(): Promise<void>;
  /** Of the holder. */
  pid(): number;
  /** The pid of what carries the traffic; null while nothing does. */
  workerPid(): Promise<number | null>;
  /** Writes canary.yaml anew; the service's port stays unless it is given. */
  configure(listen?: number | string): void;
  /** Ends the process, by default with SIGKILL and its worker with it, as PM2 does; gives its exit code. */
  kill(signal?: NodeJS.Signals): Promise<number | null>;
  /** Kills the holder and leaves its worker to itself. */
  killHolder(): Promise<void>;
  dispose(): Promise<void>;
}

/** Of a process on a busy machine. */
const START_TIMEOUT_MS = 60_000;

export async function startProxyProcess(ports: { stable: number }): Promise<ProxyProcess> {
  const inside = await startProxy(ports);
  const { home, config, url, port, state, setRoute } = inside;
  const admin: TestProxy['admin'] = (...call) => inside.admin(...call);
  await inside.stop();
  const configure = (listen: number | string = port): void => {
    const text = [
      'proxy:',
      `  metrics: ${config.proxy.metrics.port}`,
      'services:',
      `  ${SERVICE}: { listen: ${listen}, stable: ${ports.stable}, canary: 1 }`,
    ].join('\n');
    writeFileSync(`${home.dir}/canary.yaml`, text);
  };
  configure();
  const workerPid = async (): Promise<number | null> => {
    const reply = await admin('GET', '/v1/state');
    return reply.kind === 'answered' ? proxyStateSchema.parse(reply.body).pid : null;
  };
  let child: ChildProcess | null = null;
  let log = '';
  const start = async (): Promise<void> => {
    child = spawn(process.execPath, [MAIN], {
      env: { ...process.env, CANARY_HOME: home.dir },
      stdio: ['ignore', 'pipe', process.env['SHOW_SERVERS'] ? 'inherit' : 'ignore'],
    });
    child.stdout?.on('data', (chunk: Buffer) => (log += chunk.toString()));
    await waitFor(async () => (await state()).listening, {
      what: 'the proxy to listen',
      timeoutMs: START_TIMEOUT_MS,
    });
  };
  const kill = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> => {
    const ending = child;
    child = null;
    if (ending === null) return null;
    const gone = once(ending, 'exit');
    const worker = signal === 'SIGKILL' ? await workerPid() : null;
    ending.kill(signal);
    if (worker !== null) process.kill(worker, signal);
    await gone;
    return ending.exitCode;
  };
  const killHolder = async (): Promise<void> => {
    const ending = child;
    child = null;
    if (ending === null) return;
    ending.kill('SIGKILL');
    await once(ending, 'exit');
  };
  await start();
  return {
    url,
    pid: () => child?.pid ?? 0,
    log: () => log,
    state,
    setRoute,
    admin,
    home,
    workerPid,
    configure,
    start,
    kill,
    killHolder,
    dispose: async () => {
      await kill('SIGTERM');
      await inside.dispose();
    },
  };
}
