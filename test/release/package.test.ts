/** What is published, and what its installation runs. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const ROOT = new URL('../../', import.meta.url).pathname;

interface Locked {
  readonly packages: Readonly<
    Record<string, { readonly hasInstallScript?: boolean; readonly dev?: boolean }>
  >;
}

it('no dependency runs a script of its own when it is installed', () => {
  const { packages } = JSON.parse(readFileSync(`${ROOT}package-lock.json`, 'utf8')) as Locked;
  const scripted = Object.entries(packages).filter(
    ([, locked]) => locked.hasInstallScript && !locked.dev,
  );
  expect(scripted.map(([path]) => path)).toEqual([]);
});

it('the tarball holds what it needs, and nothing else', () => {
  const told = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [packed] = JSON.parse(told) as [{ readonly files: readonly { readonly path: string }[] }];
  const paths = packed.files.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining([
      'package.json',
      'LICENSE',
      'README.md',
      'ecosystem.config.js',
      'config/canary.yaml',
      'dist/orchestrator/cli/main.js',
      'dist/proxy/main.js',
    ]),
  );
  const wanted =
    /^(package\.json|LICENSE|README\.md|CHANGELOG\.md|ecosystem\.config\.js|config\/|dist\/(common|config|library|orchestrator|proxy)\/|orchestrator\/dashboard\/page\/|deploy\/|docs\/)/;
  expect(paths.filter((path) => !wanted.test(path))).toEqual([]);
});
