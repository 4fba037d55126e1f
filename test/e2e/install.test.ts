/** The package as npm installs it: from the tarball, into a folder of its own. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageRoot, packageVersion } from '../../common/package.js';

let folder: string;
let installed: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'canary-install-'));
  // --ignore-scripts: `prepare` would build what is built.
  npm('pack', '--ignore-scripts', '--pack-destination', folder);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'))!;
  npm('install', '--global', '--prefix', folder, '--prefer-offline', join(folder, tarball));
  installed = join(folder, 'lib', 'node_modules', 'canary-orchestrator');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function npm(...args: readonly string[]): void {
  const quiet = ['--silent', '--no-audit', '--no-fund', '--no-update-notifier'];
  execFileSync('npm', [...quiet, ...args], { cwd: packageRoot() });
}

function canary(...args: readonly string[]): string {
  const env = { PATH: process.env['PATH'], HOME: folder };
  return execFileSync(join(folder, 'bin', 'canary'), args, { env, encoding: 'utf8' }).trim();
}

it('puts canary on the PATH, and the ecosystem file where it says', async () => {
  expect(canary('--version')).toBe(packageVersion());
  expect(canary('ecosystem')).toBe(join(installed, 'ecosystem.config.js'));
  const { apps } = (await import(canary('ecosystem'))) as { apps: readonly { script: string }[] };
  for (const { script } of apps) {
    expect(script.startsWith(installed)).toBe(true);
    expect(readFileSync(script, 'utf8')).toMatch(/^#!/);
  }
});

it('brings its documents and leaves its tests at home', () => {
  const files = readdirSync(installed, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.startsWith('node_modules'))
    .map((name) => name.split('/').slice(0, 2).join('/'));
  expect(files).toEqual(
    expect.arrayContaining(['README.md', 'docs/tutorial.md', 'config/canary.yaml']),
  );
  expect(files.filter((name) => /^(dist\/)?(test|bench|demo|tools)/.test(name))).toEqual([]);
});

it('compiles nothing and loads nothing else: no package that it brings has an install script', () => {
  const packages = readdirSync(installed, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(name),
  );
  expect(packages.length).toBeGreaterThan(50);
  const withScripts = packages.filter((name) => {
    const { scripts = {} } = JSON.parse(readFileSync(join(installed, name), 'utf8')) as {
      scripts?: Readonly<Record<string, string>>;
    };
    const isNative = existsSync(join(installed, dirname(name), 'binding.gyp'));
    return isNative || ['preinstall', 'install', 'postinstall'].some((key) => key in scripts);
  });
  expect(withScripts).toEqual([]);
});
