/**
 * Does the official conformance suite say the same through the proxy as it says directly?
 *
 *   node dist/bench/proxy/parity.js [SUITE_VERSION]
 *
 * Fetches the suite with npx. Exits with 1 when any server's results differ.
 */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../demo/free-port.js';
import { startContender } from './contenders.js';
import { start, type Command } from './processes.js';

const SUITE = `@modelcontextprotocol/conformance@${process.argv[2] ?? '0.1.13'}`;
const SUITE_TIMEOUT_MS = 120_000;
const require = createRequire(import.meta.url);
const EVERYTHING = require.resolve('@modelcontextprotocol/server-everything/dist/index.js');
const MCP_PROXY = join(
  dirname(require.resolve('mcp-proxy/package.json')),
  'dist/bin/mcp-proxy.mjs',
);
const FIXTURE = new URL('./fixture-server.js', import.meta.url).pathname;

const SERVERS: Readonly<Record<string, (port: number) => Command>> = {
  'server-everything': (port) => ({
    command: process.execPath,
    args: [EVERYTHING, 'streamableHttp'],
    env: { PORT: String(port) },
    port,
  }),
  'mcp-proxy': (port) => ({
    command: process.execPath,
    args: [MCP_PROXY, '--port', String(port), '--', process.execPath, EVERYTHING, 'stdio'],
    port,
  }),
  'both SDK generations': (port) => ({
    command: process.execPath,
    args: [FIXTURE, '/dev/null'],
    env: { PORT: String(port) },
    port,
  }),
};

/** One line for each scenario, without its times. */
async function results(port: number): Promise<string[]> {
  const args = ['-y', SUITE, 'server', '--url', `http://127.0.0.1:${port}/mcp`];
  const { stdout } = await promisify(execFile)('npx', args, { timeout: SUITE_TIMEOUT_MS }).catch(
    (failed: unknown) => failed as { stdout: string },
  );
  return stdout.split('\n').filter((line) => /^[✓✗] .*: \d+ passed/.test(line));
}

async function compare(name: string, commandOn: (port: number) => Command): Promise<boolean> {
  const port = await freePort();
  const server = await start(commandOn(port));
  const proxy = await startContender('canary-proxy', port);
  try {
    const direct = await results(port);
    const through = await results(proxy.port);
    const isSame = direct.length > 0 && direct.join('\n') === through.join('\n');
    const passed = direct.filter((line) => line.startsWith('✓')).length;
    const verdict = isSame ? 'the same through the proxy' : 'DIFFERENT through the proxy';
    process.stdout.write(`${name}: ${passed} of ${direct.length} scenarios pass, ${verdict}\n`);
    for (const line of through) if (!direct.includes(line)) process.stdout.write(`  ${line}\n`);
    return isSame;
  } finally {
    await proxy.end();
    await server.end();
  }
}

for (const [name, commandOn] of Object.entries(SERVERS)) {
  if (!(await compare(name, commandOn))) process.exitCode = 1;
}
