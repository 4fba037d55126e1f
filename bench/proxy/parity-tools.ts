/**
 * The official tools that parity is measured with, installed into a folder of their own: they need
 * other versions of Node and of their packages than the project has.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

const run = promisify(execFile);
const RUN_TIMEOUT_MS = 180_000;
const CALL_TIMEOUT_MS = 20_000;
const INSPECTOR = '@modelcontextprotocol/inspector@0.15.0';
const REMOTE = 'mcp-remote@0.15.1';
/** What the package `node` installs on this platform. */
const NODE_22 = `node-${process.platform}-${process.arch}`;

/** One way to run the conformance suite. */
export interface Suite {
  readonly version: string;
  readonly node: '20' | '22';
  readonly args: readonly string[];
}

export const SUITES: readonly Suite[] = [
  { version: '0.1.13', node: '20', args: [] },
  { version: '0.1.16', node: '22', args: [] },
  { version: '0.2.0-alpha.12', node: '22', args: ['--requirements', '2025-11-25'] },
  { version: '0.2.0-alpha.12', node: '22', args: ['--requirements', '2026-07-28'] },
];

export class ParityTools {
  private readonly dir: string;

  private constructor(dir: string) {
    this.dir = dir;
  }

  /** @throws Error when npm cannot install them. */
  static async install(): Promise<ParityTools> {
    const dir = mkdtempSync(join(tmpdir(), 'canary-parity-'));
    const versions = [...new Set(SUITES.map(({ version }) => version))];
    await npmInstall(join(dir, 'tools'), [`${NODE_22}@22`, INSPECTOR, REMOTE]);
    for (const version of versions)
      await npmInstall(join(dir, version), [`@modelcontextprotocol/conformance@${version}`]);
    return new ParityTools(dir);
  }

  dispose(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** One line for each scenario, with what passed and failed and without its times, sorted. */
  async conformance({ version, node, args }: Suite, url: string): Promise<string[]> {
    const script = join(this.dir, version, 'node_modules/@modelcontextprotocol/conformance/dist');
    const all = [join(script, 'index.js'), 'server', '--url', url, ...args];
    const { stdout } = await run(node === '22' ? this.node22 : process.execPath, all, {
      cwd: this.dir,
      timeout: RUN_TIMEOUT_MS,
      maxBuffer: 64 << 20,
    }).catch((failed: unknown) => failed as { stdout: string });
    return stdout
      .split('\n')
      .filter((line) => /^[✓✗] .*: \d+ passed/.test(line))
      .sort();
  }

  /** What the inspector's CLI prints for a call of the tool; the error's text when it fails. */
  async inspector(url: string, transport: 'http' | 'sse', tool: Tool): Promise<string> {
    const bin = join(this.dir, 'tools/node_modules/.bin/mcp-inspector');
    const toolArgs = Object.entries(tool.args).map(([name, value]) => `${name}=${value}`);
    const args = ['--cli', url, '--transport', transport, '--method', 'tools/call'];
    args.push('--tool-name', tool.name, ...toolArgs.flatMap((arg) => ['--tool-arg', arg]));
    const done = run(bin, args, { timeout: RUN_TIMEOUT_MS });
    return done.then(({ stdout }) => stdout.trim()).catch(String);
  }

  /** What a client gets for a call of the tool through the stdio bridge mcp-remote. */
  async remote(url: string, transport: 'http' | 'sse', tool: Tool): Promise<string> {
    const client = new Client({ name: 'parity', version: '1' });
    const bridge = new StdioClientTransport({
      command: join(this.dir, 'tools/node_modules/.bin/mcp-remote'),
      args: [url, '--allow-http', '--transport', `${transport}-only`],
      env: { PATH: process.env['PATH'] ?? '', HOME: this.dir },
      stderr: 'ignore',
    });
    try {
      await client.connect(bridge, { timeout: CALL_TIMEOUT_MS });
      const call = { name: tool.name, arguments: { ...tool.args } };
      return JSON.stringify(await client.callTool(call, undefined, { timeout: CALL_TIMEOUT_MS }));
    } catch (error) {
      return String(error);
    } finally {
      await client.close();
    }
  }

  private get node22(): string {
    return join(this.dir, 'tools/node_modules', NODE_22, 'bin/node');
  }
}

/** A call that every client makes. */
export interface Tool {
  readonly name: string;
  readonly args: Readonly<Record<string, string | number>>;
}

async function npmInstall(dir: string, packages: readonly string[]): Promise<void> {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'package.json'), '{"private":true}');
  await run('npm', ['install', '--no-audit', '--no-fund', ...packages], { cwd: dir });
}
