import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../common/clock.js';
import { PREPARE_DEFAULTS, SERVICE_DEFAULTS } from '../../config/defaults.js';
import { loadConfigText } from '../../config/load.js';
import type { ServiceConfig } from '../../config/types.js';
import { releaseText } from '../../orchestrator/cli/release-text.js';
import { createPm2 } from '../../orchestrator/pm2/adapter.js';
import { applyRelease, type AppSpec } from '../../orchestrator/pm2/spec.js';
import { Preparation } from '../../orchestrator/release/preparation.js';
import type { PreparationRecord } from '../../orchestrator/release/record.js';
import { changeFor, commandsOf, releaseFor } from '../../orchestrator/release/release.js';
import { makeWheel } from '../support/wheels.js';

const text = readFileSync(new URL('../../docs/releases.md', import.meta.url), 'utf8');

let srv: string;

beforeEach(() => {
  srv = mkdtempSync(join(tmpdir(), 'releases-'));
});

afterEach(() => rmSync(srv, { recursive: true, force: true }));

/** The service of the example below a heading, with `/srv` in a folder of the test's. */
function example(heading: string): ServiceConfig {
  const section = text.slice(text.indexOf(`## ${heading}`));
  const yaml = /```yaml\n([^`]*)```/.exec(section)?.[1] ?? '';
  const env = { CANARY_HOME: srv };
  const loaded = loadConfigText('canary.yaml', yaml.replaceAll('/srv/', `${srv}/`), env);
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
  return Object.values(loaded.config.services)[0]!;
}

interface Made {
  readonly record: PreparationRecord;
  readonly spec: AppSpec;
}

/** Makes the release of an example, for real. Main has no packages. */
async function make(config: ServiceConfig, version: string): Promise<Made> {
  const release = releaseFor(config.release!, 'made-1', { version });
  const oldSpec: AppSpec = {
    script: '/bin/ls',
    cwd: srv,
    interpreter: 'node',
    interpreterArgs: [],
    args: [],
    env: { PATH: process.env['PATH'] ?? '' },
  };
  const change = changeFor(config.release!, release);
  const spec = applyRelease(oldSpec, change);
  // Only what the preparation asks of a rollout.
  const rollout = { id: 'made-1', mark: srv, service: config.name, config, oldSpec, newSpec: spec };
  let record: PreparationRecord | undefined;
  const preparation = new Preparation(
    {
      pm2: createPm2({ home: join(srv, 'no-pm2'), timeoutMs: 1_000 }),
      clock: systemClock,
      env: process.env,
      save: (_, __, saved) => (record = saved),
    },
    { rollout, release, config: config.release! },
  );
  await preparation.run();
  return { record: record!, spec };
}

function git(...args: readonly string[]): void {
  const as = ['-c', 'user.name=t', '-c', 'user.email=t@localhost'];
  execFileSync('git', [...as, ...args], { cwd: join(srv, 'work'), stdio: 'ignore' });
}

function has(command: string): boolean {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('the example of docs/releases.md', () => {
  it('for npm installs what the lock says, and lists it', async () => {
    const folder = join(srv, 'search', '2.0.0');
    const server = join(folder, 'mcp-search');
    mkdirSync(server, { recursive: true });
    writeFileSync(join(server, 'package.json'), '{"name":"mcp-search","version":"2.0.0"}');
    writeFileSync(join(server, 'server.js'), '');
    const tarball = execFileSync('npm', ['pack', '--silent', './mcp-search'], { cwd: folder });
    const file = `file:${join(folder, tarball.toString().trim())}`;
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ name: 'app', version: '1.0.0', dependencies: { 'mcp-search': file } }),
    );
    execFileSync('npm', ['install', '--package-lock-only', '--offline'], { cwd: folder });
    const { record, spec } = await make(example('Node with npm'), '2.0.0');
    expect(record.failure).toBeNull();
    expect(existsSync(spec.script)).toBe(true);
    expect(record.dependencies).toMatchObject({
      known: true,
      changes: [{ name: 'mcp-search', from: null, to: '2.0.0' }],
    });
  });

  it('for git checks the tag out', async () => {
    mkdirSync(join(srv, 'work'));
    git('init', '--quiet');
    for (const version of ['1.0.0', '1.1.0']) {
      writeFileSync(join(srv, 'work', 'server.js'), `// ${version}\n`);
      git('add', '.');
      git('commit', '--quiet', '-m', version);
      git('tag', `v${version}`);
    }
    git('clone', '--quiet', '--bare', '.', join(srv, 'git', 'notes.git'));
    const { record, spec } = await make(example('A git checkout by tag'), '1.0.0');
    expect(record.failure).toBeNull();
    expect(readFileSync(spec.script, 'utf8')).toBe('// 1.0.0\n');
    expect((await make(example('A git checkout by tag'), '9.9')).record.failure).toContain('v9.9');
  });

  // venv runs through PM2 in test/e2e/releases.test.ts.
  for (const heading of has('uv') ? ['Python with uv'] : []) {
    it(`for ${heading} makes an environment`, async () => {
      mkdirSync(join(srv, 'wheels'));
      makeWheel(join(srv, 'wheels'), 'mcp-scraper', '1.1.0');
      const { record, spec } = await make(example(heading), '1.1.0');
      expect(record.failure).toBeNull();
      expect(existsSync(spec.script)).toBe(true);
    });
  }

  it.each(['Python with venv and pip', 'Python with uv', 'Node with npm', 'A git checkout by tag'])(
    'under %s is a configuration',
    (heading) => expect(example(heading).release!.prepare.length).toBeGreaterThan(0),
  );
});

it('docs/releases.md shows what canary prepare prints', () => {
  const { name, release: config } = example('Python with venv and pip');
  const dir = `/home/op/.canary/releases/${name}`;
  const release = releaseFor({ ...config!, dir }, `${name}-rehearsal-5f0c6f0e`, {
    version: '1.4.0',
  });
  const took = { startedAtMs: 0, exitCode: 0, state: 'done' } as const;
  const outputs = ['', 'Successfully installed mcp-1.23.2 mcp-scraper-1.4.0\n'];
  const preparation: PreparationRecord = {
    startedAtMs: 0,
    endedAtMs: 3_000,
    commands: commandsOf(config!, release).map(({ line }, index) => ({
      ...took,
      line: line.replace(srv, '/srv'),
      endedAtMs: 1_000 * (index + 1),
      output: outputs[index]!,
    })),
    dependencies: {
      known: true,
      changes: [
        { name: 'mcp', from: '1.22.0', to: '1.23.2' },
        { name: 'mcp-scraper', from: '1.3.0', to: '1.4.0' },
      ],
      unasked: [],
    },
    failure: null,
  };
  const shown = releaseText({ ...release, removed: true, preparation }, 0);
  expect(text).toContain(`\n\`\`\`text\n${shown}\n\`\`\`\n`);
});

it('docs/releases.md names the defaults as they are', () => {
  expect(text).toContain(`\`timeout\` (${PREPARE_DEFAULTS.timeout})`);
  expect(text).toContain(`\`keep\` (${SERVICE_DEFAULTS.release.keep})`);
});
