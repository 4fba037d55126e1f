import { describe, expect, it } from 'vitest';
import type { ReleaseConfig } from '../../../config/release.js';
import {
  changeFor,
  commandsOf,
  folderProblem,
  releaseEnv,
  releaseFor,
  wishProblems,
} from '../../../orchestrator/release/release.js';

const config: ReleaseConfig = {
  dir: '/srv/releases/scraper',
  keep: 3,
  set: ['mcp', 'any-io'],
  prepare: [
    {
      line: 'install {{mcp}} {{version}} "{{releaseDir}}"',
      timeoutMs: 1_000,
      cwd: 'app-{{version}}',
      env: { TAG: 'v{{version}}' },
    },
  ],
  overrides: {
    interpreter: '.venv/bin/python',
    script: '{{releaseDir}}/server.py',
    cwd: '.',
    args: ['--mcp', '{{mcp}}'],
    nodeArgs: ['-u'],
    env: { VERSION_SHOWN: '{{version}}' },
  },
  dependencies: null,
  pins: null,
};
const wishes = { version: '1.4.0', set: { mcp: '1.23.2', 'any-io': '4' } };
const release = releaseFor(config, 'scraper-7', wishes);
const dir = '/srv/releases/scraper/1.4.0-scraper-7';

describe('a release', () => {
  it('has a folder that tells the version and the rollout', () => {
    expect(release.dir).toBe(dir);
    expect(releaseFor(config, 'scraper-7', { set: wishes.set }).dir).toBe(
      '/srv/releases/scraper/scraper-7',
    );
  });

  it('puts its values into commands, and into their environment', () => {
    expect(commandsOf(config, release)).toEqual([
      {
        line: `install 1.23.2 1.4.0 "${dir}"`,
        timeoutMs: 1_000,
        cwd: `${dir}/app-1.4.0`,
        env: { TAG: 'v1.4.0' },
      },
    ]);
    expect(releaseEnv(release)).toEqual({
      RELEASE_DIR: dir,
      VERSION: '1.4.0',
      CANARY_SET_MCP: '1.23.2',
      CANARY_SET_ANY_IO: '4',
    });
  });

  it("points the app at it, with paths seen from its folder, and leaves the PATH's commands", () => {
    expect(changeFor(config, release)).toEqual({
      interpreter: `${dir}/.venv/bin/python`,
      script: `${dir}/server.py`,
      cwd: dir,
      args: ['--mcp', '1.23.2'],
      interpreterArgs: ['-u'],
      env: { VERSION_SHOWN: '1.4.0' },
    });
    const bare = { ...config, overrides: { interpreter: 'python3' } };
    expect(changeFor(bare, release)).toEqual({ interpreter: 'python3' });
  });

  it('has no folder that a shell would read', () => {
    expect(folderProblem(release)).toBeNull();
    expect(folderProblem({ ...release, dir: '/srv/$(x)/1' })).toContain('set release.dir');
    expect(folderProblem({ ...release, dir: '/srv/a b/1' })).toContain('set release.dir');
  });
});

describe('what is asked for', () => {
  it('must give all that the release wants, said at once', () => {
    expect(wishProblems('scraper', config, wishes)).toEqual([]);
    expect(wishProblems('scraper', config, { set: { mcp: '1' } })).toEqual([
      "scraper's release wants --version, --set any-io=... too",
    ]);
  });

  it('must not give what the release does not know', () => {
    const set = { ...wishes.set, mpc: '1' };
    expect(wishProblems('scraper', config, { ...wishes, set })).toEqual([
      "--set mpc: scraper's release.set does not have it: mcp, any-io",
    ]);
  });

  it('has somewhere to go', () => {
    expect(wishProblems('scraper', null, wishes)[0]).toContain('has no release.prepare');
  });
});
