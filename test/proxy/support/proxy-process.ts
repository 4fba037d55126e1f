/** canary-proxy as a process of its own, in front of one service: it can be killed, and come back. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { waitFor } from '../../support/wait.js';
import { SERVICE, startProxy, type TestProxy } from './proxies.js';

const MAIN = fileURLToPath(new URL('../../../dist/proxy/main.js', import.meta.url));

export interface ProxyProcess {
  readonly url: string;
  /** What it has written to its log so far. */
  log(): string;
  readonly state: TestProxy['state'];
  readonly setRoute: TestProxy['setRoute'];
  start(): Promise<void>;
  /** Ends the process, by default with SIGKILL; gives its exit code. */
  kill(signal?: NodeJS.Signals): Promise<number | null>;
  dispose(): Promise<void>;
}

/** Of a process on a busy machine. */
const START_TIMEOUT_MS = 40_000;

export async function startProxyProcess(ports: { stable: number }): Promise<ProxyProcess> {
  const inside = await startProxy(ports);
  const { home, config, url, port, state, setRoute } = inside;
  await inside.stop();
  const text = [
    'proxy:',
    `  metrics: ${config.proxy.metrics.port}`,
    'services:',
    `  ${SERVICE}: { listen: ${port}, stable: ${ports.stable}, canary: 1 }`,
  ].join('\n');
  writeFileSync(`${home.dir}/canary.yaml`, text);
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
    ending.kill(signal);
    await gone;
    return ending.exitCode;
  };
  await start();
  return {
    url,
    log: () => log,
    state,
    setRoute,
    start,
    kill,
    dispose: async () => {
      await kill('SIGTERM');
      await inside.dispose();
    },
  };
}
