import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stage } from '../../demo/stage.js';
import { waitFor } from '../support/wait.js';
import {
  expectTidy,
  look,
  openTestStage,
  pm2App,
  reach,
  reachEnd,
  SERVICE,
  start,
  steer,
  typed,
} from './support.js';

const CANARY = `${SERVICE}-canary`;

let stage: Stage;

beforeAll(async () => {
  stage = await openTestStage({}, { ecosystem: 'ecosystem.json' });
});

afterAll(() => stage.dispose());

/** A rollout that has seen both apps. */
async function watch(...flags: readonly string[]): Promise<void> {
  await start(stage, ...flags);
  await reach(stage, 'observing');
  await waitFor(async () => (await look(stage))?.waitingFor?.startsWith('the end of') === true, {
    what: 'the apps to be looked at',
  });
}

describe('the command line at a gate', () => {
  it('shows what it waits for, and resume opens it', async () => {
    await start(stage, '--steps', '50% for 1s, wait, 50% for 60s');
    await reach(stage, 'held');
    const { stdout } = await stage.canary('status', SERVICE);
    expect(stdout).toContain('held (gate), step 1 of 2');
    expect(stdout).toContain('resume goes on to step 2 of 2 (50%)');
    expect((await stage.canary('resume', SERVICE)).code).toBe(0);
    expect(await reach(stage, 'observing')).toMatchObject({ step: 2 });
  });
});

describe('another hand that', () => {
  it('restarts main holds the rollout; a crash of main does not', async () => {
    const before = (await pm2App(stage, SERVICE))!.pid;
    await waitFor(async () => (await look(stage))?.waitingFor != null, { what: 'a look' });
    await stage.pm2.pm2('restart', SERVICE);
    const held = await reach(stage, 'held');
    expect(held).toMatchObject({ held: 'drift' });
    const { pid } = (await pm2App(stage, SERVICE))!;
    // A look in the middle of the restart finds main stopped; the next one knows better.
    const restarted = new RegExp(
      `^main was restarted by another hand at 20.*Z: pid ${before} -> ${pid}$`,
    );
    await waitFor(async () => restarted.test((await look(stage))?.reason ?? ''), {
      what: 'the restart to be named',
    });
    await steer(stage, 'resume', null);
    await reach(stage, 'observing');

    process.kill(pid, 'SIGKILL');
    const after = await waitFor(
      async () => {
        const view = await look(stage);
        const now = view?.tracks?.stable.pid ?? pid;
        return now !== pid && view?.waitingFor != null ? view : null;
      },
      { what: 'the new process of main to be seen' },
    );
    expect(after.phase).toBe('observing');
  });

  it('edits the canary takes it back: it is not what would be promoted', async () => {
    await stage.pm2.pm2('restart', CANARY, '--update-env', '--', 'sse');
    const view = await reachEnd(stage);
    expect(view).toMatchObject({ phase: 'rolled-back' });
    // A look in the middle of the restart finds the canary stopped.
    expect(view.reason).toMatch(
      /^canary was restarted by another hand at .*args changed|^the canary was stopped by another hand$/,
    );
    await expectTidy(stage);
  });

  it('scales the canary holds the rollout, and all that it made go with it', async () => {
    await watch('--window', '60s');
    await stage.pm2.pm2('scale', CANARY, '2');
    expect(await reach(stage, 'held')).toMatchObject({
      held: 'drift',
      reason: `canary was scaled by another hand: PM2 has 2 apps ${CANARY}, wanted one`,
    });
    await steer(stage, 'rollback', null);
    await reachEnd(stage);
    await expectTidy(stage);
  });

  it('stops or deletes the canary takes it back, and does not blame the release', async () => {
    const deeds = [
      ['stop', 'the canary was stopped by another hand'],
      ['delete', 'the canary was deleted from PM2 by another hand'],
    ] as const;
    for (const [verb, sentence] of deeds) {
      await watch('--window', '60s');
      await stage.pm2.pm2(verb, CANARY);
      expect(await reachEnd(stage)).toMatchObject({ phase: 'rolled-back', reason: sentence });
    }
    await expectTidy(stage);
  });

  it('stops main holds the rollout until main is there again; then it can be promoted', async () => {
    const file = join(stage.home, 'ecosystem.json');
    writeFileSync(file, JSON.stringify([{ name: SERVICE, args: 'streamableHttp' }]));
    await watch('--window', '60s', '--env', 'RELEASE=2');
    await stage.pm2.pm2('stop', SERVICE);
    expect(await reach(stage, 'held')).toMatchObject({
      held: 'drift',
      reason: 'main was stopped by another hand',
    });
    await stage.pm2.pm2('start', SERVICE);
    await waitFor(async () => (await look(stage))?.reason.includes('restarted') === true, {
      what: 'main to be seen again',
    });
    await steer(stage, 'promote', null);
    expect(await reachEnd(stage)).toMatchObject({ phase: 'promoted' });
    await expectTidy(stage);
    const { stdout } = await typed(stage, 'status', SERVICE);
    const sentence = 'env.RELEASE is (absent), should be what main has';
    expect(stdout).toContain(`warning: ${file} does not say what main runs: ${sentence}`);
  });
});
