import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../common/clock.js';
import { prunable, pruneReleases, type MadeRelease } from '../../../orchestrator/release/prune.js';
import { Store } from '../../../orchestrator/store/store.js';
import { LocalProcesses } from '../../library/local-processes.js';
import { Simulation } from '../rollout/simulation.js';

/** Newest first: `+5` was promoted, `-4` was rolled back. */
function made(...names: readonly string[]): MadeRelease[] {
  return names.map((name) => ({
    rolloutId: name.slice(1),
    dir: `/r/${name.slice(1)}`,
    promoted: name.startsWith('+'),
  }));
}

function removed(releases: readonly MadeRelease[], keep: number, used: string[] = []): string[] {
  const gone = prunable(releases, keep, ({ rolloutId }) => used.includes(rolloutId));
  return gone.map(({ rolloutId }) => rolloutId);
}

describe('old releases', () => {
  it('are kept by count, beside the one that was promoted last', () => {
    expect(removed(made('+5', '+4', '+3', '+2', '+1'), 2)).toEqual(['2', '1']);
    expect(removed(made('+3', '+2'), 0)).toEqual(['2']);
  });

  it('that are used are not removed, and are not counted', () => {
    expect(removed(made('+5', '+4', '+3', '+2', '+1'), 2, ['4', '1'])).toEqual([]);
    expect(removed(made('+5', '+4', '+3'), 0, ['5', '4', '3'])).toEqual([]);
  });

  it('that were rolled back go, but for the newest', () => {
    expect(removed(made('-6', '+5', '-4', '-3', '+2'), 1)).toEqual(['4', '3']);
    expect(removed(made('-6', '-5'), 1, ['6'])).toEqual([]);
  });
});

describe('folders of old releases', () => {
  let dir: string;
  let processes: LocalProcesses;
  let store: Store;

  /** Three releases, all promoted, the third the last. */
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'prune-'));
    processes = new LocalProcesses(dir);
    store = Store.open(join(dir, 'rollouts.db'));
    for (const number of [1, 2, 3]) {
      const { rollout } = new Simulation();
      const id = `scraper-${number}`;
      const phase = { kind: 'promoted' } as const;
      store.insert({ ...rollout, id, endedAtMs: number, phase }, number);
      mkdirSync(folder(number), { recursive: true });
      const record = { commands: [], dependencies: null, failure: null };
      store.savePreparation(id, folder(number), { startedAtMs: 0, endedAtMs: 1, ...record });
    }
  });

  afterEach(async () => {
    await processes.stopAll();
    store.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const folder = (number: number): string => join(dir, 'releases', String(number));

  /** Main, which runs something in a folder. */
  function runMainIn(cwd: string): void {
    const interpreterArgs = ['-c', 'exec sleep 609'];
    const program = { interpreter: '/bin/sh', interpreterArgs, script: '/bin/ls', args: [] };
    processes.start('scraper', { ...program, cwd, env: {} });
  }

  /** What is left when none is to be kept for its own sake. */
  async function left(pm2 = processes): Promise<readonly string[]> {
    await pruneReleases({ pm2, pm2Home: dir, store, clock: systemClock }, 'scraper', 0);
    return readdirSync(join(dir, 'releases'));
  }

  it('are removed, but for the newest and the one that main runs, found through a link too', async () => {
    symlinkSync(folder(1), join(dir, 'current'));
    runMainIn(join(dir, 'current'));
    expect(await left()).toEqual(['1', '3']);
    expect(store.preparation('scraper-2')).toMatchObject({ removed: true });
  });

  it('are kept where PM2 would start from them after a reboot', async () => {
    runMainIn(folder(3));
    writeFileSync(join(dir, 'dump.pm2'), JSON.stringify([{ name: 'x', pm_cwd: folder(2) }]));
    expect(await left()).toEqual(['2', '3']);
  });

  it('are all kept while it is not known what is used', async () => {
    runMainIn(folder(3));
    writeFileSync(join(dir, 'dump.pm2'), 'half a du');
    expect(await left()).toEqual(['1', '2', '3']);
    rmSync(join(dir, 'dump.pm2'));
    const list = () => Promise.resolve({ kind: 'down', reason: 'no daemon' } as const);
    expect(await left(Object.assign(new LocalProcesses(dir), { list }))).toEqual(['1', '2', '3']);
  });
});
