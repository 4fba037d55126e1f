/** The configurations of docs/in-front.md, run by the real nginx and caddy, on other ports and with a certificate of the test's. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LabServer } from '../proxy/support/lab-server.js';
import { startProxy, type TestProxy } from '../proxy/support/proxies.js';
import { freePort } from '../support/ports.js';
import { start, type Started } from '../support/processes.js';
import { waitFor } from '../support/wait.js';

const doc = readFileSync(new URL('../../docs/in-front.md', import.meta.url), 'utf8');
const HOST = 'mcp.example.com';

let folder: string;
let lab: LabServer;
let proxy: TestProxy;
let ca: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'in-front-'));
  const certificate = ['-keyout', join(folder, 'key'), '-out', join(folder, 'pem')];
  const names = ['-subj', `/CN=${HOST}`, '-addext', `subjectAltName=DNS:${HOST}`];
  const kind = ['-newkey', 'rsa:2048', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...kind, ...certificate, ...names], { stdio: 'ignore' });
  ca = readFileSync(join(folder, 'pem'), 'utf8');
  lab = await LabServer.start();
  proxy = await startProxy({ stable: lab.port });
});

afterAll(async () => {
  await proxy.dispose();
  await lab.kill();
  rmSync(folder, { recursive: true, force: true });
});

function block(language: string): string {
  const [, text] = new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(doc) ?? [];
  return text!.replaceAll('127.0.0.1:8080', `127.0.0.1:${proxy.port}`);
}

function nginx(port: number): Started {
  const server = block('nginx')
    .replace('listen 443', `listen 127.0.0.1:${port}`)
    .replace(/\/etc\/ssl\/\S+\.(pem|key)/g, join(folder, '$1'));
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  );
  const config = [
    'daemon off; master_process off; events {}',
    `pid ${join(folder, 'nginx.pid')}; error_log ${join(folder, 'nginx.log')};`,
    `http { access_log off; ${temp.join(' ')}\n${server}}`,
  ];
  writeFileSync(join(folder, 'nginx.conf'), config.join('\n'));
  const log = join(folder, 'nginx.log');
  return start('nginx', ['-e', log, '-p', folder, '-c', join(folder, 'nginx.conf')]);
}

function caddy(port: number): Started {
  const site = block('caddy').replace(
    `${HOST} {`,
    `https://${HOST}:${port} {\n    bind 127.0.0.1\n    tls ${join(folder, 'pem')} ${join(folder, 'key')}`,
  );
  const options = '{\n    admin off\n    auto_https disable_redirects\n}\n';
  writeFileSync(join(folder, 'Caddyfile'), `${options}${site}`);
  mkdirSync(join(folder, 'home'), { recursive: true });
  const env = { PATH: process.env['PATH'], HOME: join(folder, 'home') };
  return start('caddy', ['run', '--config', join(folder, 'Caddyfile')], { env });
}

describe.each([
  ['nginx', nginx],
  ['caddy', caddy],
])('%s as the document has it', (_, run) => {
  let front: Started;
  let port: number;

  beforeAll(async () => {
    port = await freePort();
    front = run(port);
    await waitFor(() => accepts(port), { what: `port ${port} to listen`, timeoutMs: 20_000 });
  });

  afterAll(() => front.end());

  function post(message: object, headers: Record<string, string> = {}): Promise<IncomingMessage> {
    const accept = 'application/json, text/event-stream';
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, ...message });
    return new Promise((resolve, reject) => {
      const fixed = { host: HOST, accept, 'content-type': 'application/json' };
      const to = { host: '127.0.0.1', port, path: '/mcp', method: 'POST', servername: HOST, ca };
      const req = request({ ...to, headers: { ...fixed, ...headers } }, resolve);
      req.once('error', reject);
      req.end(body);
    });
  }

  async function openSession(headers: Record<string, string> = {}): Promise<string> {
    const clientInfo = { name: 'agent', version: '1' };
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo };
    const answer = await post({ method: 'initialize', params }, headers);
    await textOf(answer);
    expect(answer.statusCode).toBe(200);
    return String(answer.headers['mcp-session-id']);
  }

  it('tells the server who asked, how, and for which host', async () => {
    await openSession({ 'x-forwarded-for': '6.6.6.6', 'x-canary': 'always' });
    const seen = lab.received.findLast(({ method }) => method === 'POST')!.headers;
    expect(seen).toMatchObject({
      'x-forwarded-proto': 'https',
      'x-forwarded-host': HOST,
      host: HOST,
    });
    expect(seen['x-forwarded-for']).toBe('127.0.0.1, 127.0.0.1');
    expect(seen['x-canary'] ?? '').toBe('');
  });

  it('hands on an event while its stream is open', async () => {
    const session = { 'mcp-session-id': await openSession() };
    const params = { name: 'work', arguments: { sse: true, early: true, outcome: 'never' } };
    const answer = await post({ method: 'tools/call', params }, session);
    const [first] = (await answer.take(1).toArray()) as Buffer[];
    expect(first!.toString()).toContain('data:');
  });

  it('takes bodies of several megabytes', async () => {
    const session = { 'mcp-session-id': await openSession() };
    const filler = 'x'.repeat(6_000_000);
    const params = { name: 'work', arguments: { filler } };
    const answer = await post({ method: 'tools/call', params }, session);
    expect([answer.statusCode, await textOf(answer)]).toEqual([
      200,
      expect.stringContaining('result'),
    ]);
  });
});

async function textOf(answer: IncomingMessage): Promise<string> {
  return Buffer.concat((await answer.toArray()) as Buffer[]).toString();
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
    socket.once('connect', () => socket.end());
  });
}
