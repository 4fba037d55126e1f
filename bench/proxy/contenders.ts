/** Who is measured: each is started in front of the same upstream, pinned to one core. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../demo/free-port.js';
import { treePids } from '../../orchestrator/proc/tree.js';
import { start } from './processes.js';

const require = createRequire(import.meta.url);
const HERE = fileURLToPath(new URL('./', import.meta.url));
const PROXY_MAIN = fileURLToPath(new URL('../../proxy/main.js', import.meta.url));
/** The contender's core; load and upstream have the other one. */
const CONTENDER_CORE = '0';
export const LOAD_CORE = '1';

export const CONTENDERS = [
  'direct',
  'canary-proxy',
  'http-proxy',
  'http-proxy-no-agent',
  'nginx',
  'haproxy',
  'caddy',
] as const;
export type Contender = (typeof CONTENDERS)[number];

export interface Started {
  readonly port: number;
  /** All its processes. */
  pids(): readonly number[];
  end(): Promise<void>;
}

/** Starts a contender in front of `upstreamPort`. `direct` is the upstream itself. */
export async function startContender(name: Contender, upstreamPort: number): Promise<Started> {
  if (name === 'direct') {
    return { port: upstreamPort, pids: () => [], end: () => Promise.resolve() };
  }
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), 'canary-bench-'));
  const { args, env } = await setUp(name, { dir, port, upstreamPort });
  const running = await start({
    command: 'taskset',
    args: ['-c', CONTENDER_CORE, ...args],
    ...(env && { env }),
    port,
  });
  return {
    port,
    pids: () => treePids(running.pid),
    end: async () => {
      await running.end('SIGTERM');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

interface Place {
  readonly dir: string;
  readonly port: number;
  readonly upstreamPort: number;
}

async function setUp(
  name: Exclude<Contender, 'direct'>,
  { dir, port, upstreamPort }: Place,
): Promise<{ args: string[]; env?: Record<string, string> }> {
  const file = (text: string): string => {
    const path = join(dir, 'config');
    writeFileSync(path, text);
    return path;
  };
  switch (name) {
    case 'canary-proxy': {
      const metrics = await freePort();
      const service = `listen: ${port}, stable: ${upstreamPort}, canary: ${await freePort()}`;
      const text = `proxy: { metrics: ${metrics} }\nservices:\n  bench: { ${service} }\n`;
      const args = [process.execPath, PROXY_MAIN, '--config', file(text)];
      return { args, env: { CANARY_HOME: dir, CANARY_LOG_LEVEL: 'warn' } };
    }
    case 'http-proxy':
    case 'http-proxy-no-agent': {
      const args = [process.execPath, `${HERE}bare-http-proxy.js`, `${port}`, `${upstreamPort}`];
      return { args: name === 'http-proxy' ? args : [...args, 'no-agent'] };
    }
    case 'nginx':
      return { args: ['nginx', '-p', dir, '-c', file(nginxConfig({ dir, port, upstreamPort }))] };
    case 'haproxy':
      return { args: ['haproxy', '-db', '-f', file(haproxyConfig({ dir, port, upstreamPort }))] };
    case 'caddy': {
      const text = `{\n admin off\n auto_https off\n log {\n  level ERROR\n }\n}\nhttp://127.0.0.1:${port} {\n reverse_proxy 127.0.0.1:${upstreamPort} {\n  flush_interval -1\n }\n}\n`;
      const args = ['caddy', 'run', '--adapter', 'caddyfile', '--config', file(text)];
      return { args, env: { HOME: dir, GOMAXPROCS: '1' } };
    }
  }
}

function nginxConfig({ dir, port, upstreamPort }: Place): string {
  return `daemon off; worker_processes 1; pid ${dir}/pid; error_log ${dir}/error.log crit;
events { worker_connections 20000; }
http {
  access_log off; client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/temp;
  fastcgi_temp_path ${dir}/f; uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s;
  keepalive_requests 1000000;
  upstream up { server 127.0.0.1:${upstreamPort}; keepalive 256; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off; proxy_read_timeout 1h;
    }
  }
}
`;
}

function haproxyConfig({ port, upstreamPort }: Place): string {
  return `global
  nbthread 1
  maxconn 9000
defaults
  mode http
  option http-keep-alive
  option abortonclose
  option http-no-delay
  timeout connect 3s
  timeout client 1h
  timeout server 1h
frontend in
  bind 127.0.0.1:${port} backlog 4096
  default_backend up
backend up
  server one 127.0.0.1:${upstreamPort}
`;
}

/** The contender's version, for the report. */
export function versionOf(name: Contender): string {
  const run = (command: string, args: string[]): string =>
    execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  switch (name) {
    case 'haproxy':
      return /version (\S+)/.exec(run('haproxy', ['-v']))?.[1] ?? '';
    case 'caddy':
      return run('caddy', ['version']).trim().split(' ')[0] ?? '';
    case 'nginx':
      return (
        /version: (\S+)/.exec(run('dpkg', ['-s', 'nginx']).replace('Version', 'version'))?.[1] ?? ''
      );
    case 'http-proxy':
    case 'http-proxy-no-agent':
      return (require('http-proxy/package.json') as { version: string }).version;
    case 'direct':
    case 'canary-proxy':
      return '';
  }
}
