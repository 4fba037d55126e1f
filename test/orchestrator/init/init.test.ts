/** `canary init` before the apps that people run: in node and python, in cluster mode, without a port. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig, loadConfigText } from '../../../config/load.js';
import type { CanaryConfig } from '../../../config/types.js';
import { runCli } from '../../../orchestrator/cli/program.js';
import { portHolder } from '../../../orchestrator/proc/ports.js';
import { askApp, NODE_SERVER, PYTHON_SERVER } from '../../support/apps.js';
import { startPrivatePm2, type PrivatePm2 } from '../../support/pm2-sandbox.js';
import { freePort } from '../../support/ports.js';
import { waitFor } from '../../support/wait.js';
import { EVERYTHING } from '../../../demo/everything.js';

let sandbox: PrivatePm2;
let dir: string;
const ports = { mcp: 0, sse: 0, python: 0, clustered: 0 };

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'init-'));
  sandbox = await startPrivatePm2();
  for (const name of ['mcp', 'sse', 'python', 'clustered'] as const) ports[name] = await freePort();
  writeFileSync(join(sandbox.dir, 'idle.js'), 'setInterval(() => {}, 1000)');
  const env = (port: number) => ({ PORT: String(port), API_TOKEN: 's3cret' });
  const apps = [
    { name: 'mcp', script: EVERYTHING, args: ['streamableHttp'], env: env(ports.mcp) },
    { name: 'sse', script: EVERYTHING, args: ['sse'], env: env(ports.sse) },
    {
      name: 'a python app',
      script: PYTHON_SERVER,
      interpreter: 'python3',
      env: env(ports.python),
      max_memory_restart: '300M',
    },
    { name: 'clustered', script: NODE_SERVER, exec_mode: 'cluster', env: env(ports.clustered) },
    { name: 'worker', script: join(sandbox.dir, 'idle.js') },
    { name: 'mcp-canary', script: NODE_SERVER, env: { ...env(1), CANARY_ROLLOUT: 'mcp-1.x' } },
  ];
  const file = join(sandbox.dir, 'all.json');
  writeFileSync(file, JSON.stringify({ apps }));
  await sandbox.pm2('start', file);
  await Promise.all([ports.python, ports.clustered].map((port) => askApp(port)));
  await waitFor(() => [ports.mcp, ports.sse].every((port) => portHolder(port) !== null), {
    what: 'the MCP servers to listen',
    timeoutMs: 60_000,
  });
});

afterAll(async () => {
  await sandbox.dispose();
  rmSync(dir, { recursive: true, force: true });
});

async function canary(...args: readonly string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await runCli(args, {
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    env: { PM2_HOME: sandbox.home, CANARY_HOME: join(dir, 'home') },
    cwd: dir,
    color: false,
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

const valid = (text: string): CanaryConfig => {
  const loaded = loadConfigText('canary.yaml', text, {});
  return loaded.ok ? loaded.config : expect.fail(JSON.stringify(loaded));
};

describe('canary init', () => {
  it('writes what it found, a valid file that leaves main where it is', async () => {
    const { code, out, err } = await canary('init', '-o', '-');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const { services, pm2Home } = valid(out);
    expect(pm2Home).toBe(sandbox.home);
    expect(Object.keys(services).sort()).toEqual(['a-python-app', 'clustered', 'mcp', 'sse']);
    const local = (port: number) => ({ host: '127.0.0.1', port });
    expect(services['mcp']).toMatchObject({
      stable: local(ports.mcp),
      portFrom: { kind: 'env', name: 'PORT' },
      probe: { kind: 'mcp', path: '/mcp' },
    });
    expect(services['sse']!.probe).toEqual({ kind: 'sse', path: '/sse' });
    expect(services['a-python-app']).toMatchObject({
      app: 'a python app',
      stable: local(ports.python),
      probe: { kind: 'http', path: '/health' },
    });
    expect(services['clustered']!.stable).toEqual(local(ports.clustered));
    for (const { listen, canary: second } of Object.values(services)) {
      expect([portHolder(listen.port), portHolder(second.port)]).toEqual([null, null]);
    }
    expect(out).toContain('#   worker: it listens on no TCP port');
    expect(out).toContain("max_memory_restart of 315 MB is the judge's limit too");
    expect(out).not.toContain('mcp-canary:');
    expect(out).not.toContain('s3cret');
  });

  it('replaces no file unless it is told to', async () => {
    const file = join(dir, 'canary.yaml');
    writeFileSync(file, 'mine');
    const refused = await canary('init');
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(refused.err).toContain(`${file} is there already`);
    expect(readFileSync(file, 'utf8')).toBe('mine');
    const forced = await canary('init', '--force');
    expect(forced).toMatchObject({ code: 0 });
    expect(loadConfig(file, {})).toMatchObject({ ok: true });
    expect(await canary('validate')).toMatchObject({ code: 0, err: '' });
    expect((await canary('init', '-o', 'no/such/folder.yaml')).err).toContain('(ENOENT)');
  });

  it('without a daemon says so', async () => {
    const err: string[] = [];
    const io = { out: () => undefined, err: (text: string) => err.push(text), color: false };
    const code = await runCli(['init'], { ...io, env: { PM2_HOME: dir }, cwd: dir });
    expect(code).toBe(1);
    expect(err.join()).toContain('PM2 does not answer: no PM2 daemon at');
  });
});
