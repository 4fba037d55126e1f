import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../common/clock.js';
import type { PrepareCommand, ReleaseConfig } from '../../../config/release.js';
import { createPm2 } from '../../../orchestrator/pm2/adapter.js';
import type { AppSpec } from '../../../orchestrator/pm2/spec.js';
import { Preparations } from '../../../orchestrator/release/preparations.js';
import type { PreparationRecord } from '../../../orchestrator/release/record.js';
import { releaseFor } from '../../../orchestrator/release/release.js';
import { newRollout } from '../../../orchestrator/rollout/new-rollout.js';
import type { Rollout } from '../../../orchestrator/rollout/rollout.js';
import { Store } from '../../../orchestrator/store/store.js';
import { isRunning } from '../../support/processes.js';
import { waitFor } from '../../support/wait.js';
import { service } from '../rollout/simulation.js';

let dir: string;
let store: Store;
let preparations: Preparations;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'preparation-'));
  store = Store.open(join(dir, 'rollouts.db'));
  preparations = orchestrator();
});

afterEach(async () => {
  await preparations.stopAll();
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

/** What one life of an orchestrator has. PM2 is down all the time: nothing of it is needed. */
function orchestrator(): Preparations {
  const pm2 = createPm2({ home: join(dir, 'no-pm2'), timeoutMs: 1_000 });
  const env = { PATH: process.env['PATH'], INHERITED: 'yes', VERSION: 'not the release' };
  const save = store.savePreparation.bind(store);
  return new Preparations({ pm2, clock: systemClock, env, save }, pino({ level: 'silent' }));
}

function command(line: string, rest: Partial<PrepareCommand> = {}): PrepareCommand {
  return { line, timeoutMs: 20_000, cwd: '.', env: {}, ...rest };
}

interface Wanted {
  readonly commands: readonly PrepareCommand[];
  readonly version?: string;
  readonly config?: Partial<ReleaseConfig>;
  readonly newSpec?: Partial<AppSpec>;
}

function rolloutWith({ commands, version, config, newSpec }: Wanted): Rollout {
  const release: ReleaseConfig = {
    dir: join(dir, 'releases'),
    keep: 3,
    set: ['mcp'],
    prepare: commands,
    overrides: {},
    dependencies: null,
    pins: null,
    ...config,
  };
  const spec = { script: '/bin/ls', cwd: dir, interpreter: 'none', interpreterArgs: [], args: [] };
  const rollout = newRollout(
    {
      config: { ...service, release },
      oldSpec: { ...spec, env: {} },
      newSpec: { ...spec, env: {}, ...newSpec },
      change: {},
      release: releaseFor(release, 'scraper-1', { version, set: { mcp: '1.23.2' } }),
      suite: null,
    },
    { number: 1, startedBy: 'a person', startedAtMs: 0, unique: dir },
  );
  if (store.byId(rollout.id) === null) store.insert(rollout, 1);
  return rollout;
}

/** Begins a preparation and waits for its end. */
async function prepare(wanted: Wanted): Promise<PreparationRecord> {
  const rollout = rolloutWith(wanted);
  preparations.begin(rollout);
  await ended(rollout);
  return store.preparation(rollout.id)!.record;
}

function ended({ id }: Rollout): Promise<unknown> {
  return waitFor(() => preparations.stateOf(id)?.kind !== 'running', {
    what: 'the preparation to end',
  });
}

const pidIn = (file: string): number => Number(readFileSync(file, 'utf8'));

describe('the commands of a release', () => {
  it('run one after the other in a folder of their own', async () => {
    const record = await prepare({
      version: '1.2',
      commands: [
        command('pwd > where && mkdir sub && echo "$VERSION {{version}} $CANARY_SET_MCP {{mcp}}"'),
        command('echo "$INHERITED $OWN $RELEASE_DIR"; ls ..', {
          cwd: 'sub',
          env: { OWN: 'of-{{mcp}}' },
        }),
      ],
    });
    const folder = join(dir, 'releases', '1.2-scraper-1');
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(folder, 'where'), 'utf8')).toBe(`${folder}\n`);
    expect(record).toMatchObject({
      failure: null,
      commands: [
        { state: 'done', exitCode: 0, output: '1.2 1.2 1.23.2 1.23.2\n' },
        { state: 'done', output: `yes *** ${folder}\nsub\nwhere\n` },
      ],
    });
    expect(preparations.stateOf('scraper-1')).toEqual({
      kind: 'done',
      summary: 'the release is prepared',
    });
  });

  it('have no VERSION when none is asked for', async () => {
    const { commands } = await prepare({ commands: [command('echo "<$VERSION>"')] });
    expect(commands[0]!.output).toBe('<>\n');
  });

  it('end with the first that fails, which is named with its code and last lines', async () => {
    const { failure, commands } = await prepare({
      commands: [
        command('true'),
        command('echo fine; echo no such package >&2; exit 7'),
        command('x'),
      ],
    });
    expect(failure).toBe(
      'command 2 of 3 (echo fine; echo no such package >&2; exit 7): it ended with exit code 7: fine | no such package',
    );
    expect(commands.map(({ state }) => state)).toEqual(['done', 'failed', 'waiting']);
    expect(commands[1]).toMatchObject({ exitCode: 7, output: 'fine\nno such package\n' });
  });

  it('that hang are ended after their time, with all that they started', async () => {
    const pids = join(dir, 'pid');
    const { failure } = await prepare({
      commands: [
        command(`setsid sleep 601 & sleep 602 & echo $! > ${pids}; echo begun; wait`, {
          timeoutMs: 3_000,
        }),
      ],
    });
    expect(failure).toContain('it took longer than 3s: begun');
    expect(isRunning(pidIn(pids))).toBe(false);
  });

  it('leave nothing running, not even what left their group', async () => {
    const pids = join(dir, 'pid');
    const { failure } = await prepare({
      commands: [
        command(
          `setsid sh -c 'echo $$ > ${pids}; exec sleep 603' & while [ ! -s ${pids} ]; do sleep 0.05; done`,
        ),
      ],
    });
    expect(failure).toBeNull();
    expect(isRunning(pidIn(pids))).toBe(false);
  });

  it('cannot be run in a folder that is not there, which is said', async () => {
    const { failure } = await prepare({ commands: [command('true', { cwd: 'nowhere' })] });
    expect(failure).toContain('it could not be started (ENOENT)');
  });

  it('are ended at once when the rollout is taken back', async () => {
    const pids = join(dir, 'pid');
    const rollout = rolloutWith({ commands: [command(`echo $$ > ${pids}; echo on; sleep 604`)] });
    preparations.begin(rollout);
    const pid = await waitFor(() => pidIn(pids), { what: 'the command to start' });
    await waitFor(() => preparations.record(rollout.id)?.commands[0]?.output === 'on\n', {
      what: 'its output to be seen while it runs',
    });
    expect(preparations.stateOf(rollout.id)).toMatchObject({ kind: 'running' });
    await preparations.stop(rollout.id);
    expect(isRunning(pid)).toBe(false);
    expect(preparations.stateOf(rollout.id)).toBeNull();
    expect(store.preparation(rollout.id)!.record.failure).toContain('it was stopped');
  });
});

describe('an orchestrator that was killed in the middle', () => {
  it('is followed by one that ends what was left, and begins anew in a clean folder', async () => {
    const rollout = rolloutWith({ commands: [command('ls > listing')] });
    const { dir: folder } = rollout.release!;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'half-done'), '');
    const orphan = spawn('sleep', ['605'], {
      env: { PATH: process.env['PATH'], CANARY_ROLLOUT: rollout.mark },
      stdio: 'ignore',
    });
    preparations.begin(rollout);
    await ended(rollout);
    expect(preparations.stateOf(rollout.id)).toMatchObject({ kind: 'done' });
    expect(isRunning(orphan.pid!)).toBe(false);
    expect(existsSync(join(folder, 'half-done'))).toBe(false);
    expect(readFileSync(join(folder, 'listing'), 'utf8')).toBe('listing\n');
  });
});

describe('a release that was made', () => {
  it('must be able to run', async () => {
    const interpreter = join(dir, 'releases', 'scraper-1', 'bin', 'python');
    const newSpec = { interpreter };
    const without = await prepare({ commands: [command('true')], newSpec });
    expect(without.failure).toBe(
      `the release cannot run: interpreter ${interpreter} cannot be found or executed [bad-interpreter]`,
    );
    preparations = orchestrator();
    const making = 'mkdir bin && ln -s /bin/sh bin/python';
    expect((await prepare({ commands: [command(making)], newSpec })).failure).toBeNull();
  });

  const list = 'cat "$FILE"';
  const folder = (): string => join(dir, 'releases', 'scraper-1');

  /** Main's packages and the release's, listed by a command in the folder of each. */
  async function compare(
    pins: ReleaseConfig['pins'],
    run = 'cat packages',
  ): Promise<PreparationRecord> {
    writeFileSync(join(dir, 'packages'), 'mcp==1.0\nanyio==4.0\nsix==1.16\nnot a package\n');
    return prepare({
      commands: [command('printf "mcp==1.23.2\\nAnyIO==4.1\\n" > packages')],
      config: { dependencies: { kind: 'run', line: run }, pins },
      newSpec: { cwd: folder() },
    });
  }

  it('has its packages compared with those of main', async () => {
    const { failure, dependencies } = await compare(null);
    expect(failure).toBeNull();
    expect(dependencies).toEqual({
      known: true,
      changes: [
        { name: 'anyio', from: '4.0', to: '4.1' },
        { name: 'mcp', from: '1.0', to: '1.23.2' },
        { name: 'six', from: '1.16', to: null },
      ],
      unasked: [],
    });
  });

  it('is warned of when others change than were asked for', async () => {
    const { failure } = await compare({ allow: ['six'], otherwise: 'warn' });
    expect(failure).toBeNull();
    expect(preparations.stateOf('scraper-1')).toEqual({
      kind: 'done',
      summary:
        'the release is prepared; packages: anyio 4.0 -> 4.1, mcp 1.0 -> 1.23.2, gone: six 1.16; not asked for: anyio 4.0 -> 4.1',
    });
  });

  it('is refused when the pins say so', async () => {
    const { failure } = await compare({ allow: ['six'], otherwise: 'refuse' });
    expect(failure).toBe(
      'pins refuse packages that changed without being asked for: anyio 4.0 -> 4.1',
    );
    preparations = orchestrator();
    const allowed = await compare({ allow: ['six', 'anyio'], otherwise: 'refuse' });
    expect(allowed.failure).toBeNull();
  });

  it('is refused when it cannot be told what changed, if pins refuse', async () => {
    const { failure, dependencies } = await compare({ allow: [], otherwise: 'refuse' }, list);
    expect(failure).toContain("not known, and pins refuse it: main's: it ended with exit code 1");
    expect(dependencies).toMatchObject({ known: false });
    preparations = orchestrator();
    expect((await compare({ allow: [], otherwise: 'warn' }, list)).failure).toBeNull();
  });
});
