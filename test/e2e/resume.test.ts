import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAgents, type Agents } from '../../demo/agents.js';
import type { Stage } from '../../demo/stage.js';
import { isRunning } from '../support/processes.js';
import { waitFor } from '../support/wait.js';
import {
  expectTidy,
  look,
  mainRelease,
  openTestStage,
  pm2App,
  reach,
  reachEnd,
  SERVICE,
  start,
  startSlowAgent,
  steer,
  type SlowAgent,
} from './support.js';

let stage: Stage;
let agents: Agents;
let slow: readonly SlowAgent[];

beforeAll(async () => {
  stage = await openTestStage({
    window: '3s',
    bake: '1s',
    minimum: { calls: 5, sessions: 1 },
  });
  agents = startAgents({ url: stage.url(SERVICE), agents: 6, callsPerSession: 6, pauseMs: 20 });
  slow = await Promise.all([1, 2, 3, 4].map(() => startSlowAgent(stage)));
});

afterAll(async () => {
  await Promise.all([agents, ...slow].map((each) => each.stop()));
  await stage.dispose();
});

/** SIGKILL; PM2 starts it again. */
async function kill(app: string): Promise<void> {
  const { pid } = (await pm2App(stage, app))!;
  process.kill(pid, 'SIGKILL');
  await waitFor(async () => (await pm2App(stage, app))!.pid !== pid, {
    what: `PM2 to start ${app} again`,
  });
}

/** The orchestrator's pid, read beforehand: between two phases there is no time for `pm2 jlist`. */
async function orchestratorPid(): Promise<number> {
  return (await pm2App(stage, 'canary-orchestrator'))!.pid;
}

describe('an orchestrator that is killed', () => {
  it.each([
    'starting',
    'observing',
    'promoting/leaving-main',
    'promoting/restarting-main',
    'promoting/returning',
    'baking',
    'retiring',
  ])('in %s finishes the promotion after its restart', async (where) => {
    const release = `RELEASE=${where}`;
    const pid = await orchestratorPid();
    await start(stage, '--env', release);
    await reach(stage, where);
    process.kill(pid, 'SIGKILL');
    const view = await reachEnd(stage);
    expect(view.phase).toBe('promoted');
    expect(await mainRelease(stage)).toBe(release);
    await expectTidy(stage);
  });

  it.each(['rolling-back/returning', 'rolling-back/removing'])(
    'in %s finishes the rollback after its restart',
    async (where) => {
      const before = await mainRelease(stage);
      const pid = await orchestratorPid();
      await start(stage, '--env', 'RELEASE=never', '--window', '60s');
      await reach(stage, 'observing');
      await steer(stage, 'rollback', null);
      await reach(stage, where);
      process.kill(pid, 'SIGKILL');
      expect((await reachEnd(stage)).phase).toBe('rolled-back');
      expect(await mainRelease(stage)).toBe(before);
      await expectTidy(stage);
    },
  );

  it.each(['rolling-back/leaving-main', 'rolling-back/restarting-main'])(
    'in %s gives main its old spec back after its restart',
    async (where) => {
      const before = await mainRelease(stage);
      const pid = await orchestratorPid();
      await start(stage, '--env', 'RELEASE=not-for-long', '--window', '2s');
      await reach(stage, 'baking');
      await steer(stage, 'rollback', null);
      await reach(stage, where);
      process.kill(pid, 'SIGKILL');
      expect((await reachEnd(stage)).phase).toBe('rolled-back');
      expect(await mainRelease(stage)).toBe(before);
      await expectTidy(stage);
    },
  );

  it('while a rollout is held keeps it held, with its share', async () => {
    await start(stage, '--env', 'RELEASE=held', '--window', '60s');
    await reach(stage, 'observing');
    expect((await stage.canary('pause', SERVICE)).code).toBe(0);
    await reach(stage, 'held');
    await kill('canary-orchestrator');
    await waitFor(async () => (await look(stage))?.tracks?.canary.weight === 0.5, {
      what: 'the held rollout with its share',
    });
    expect((await look(stage))?.phase).toBe('held');
    await stage.canary('rollback', SERVICE);
    expect((await reachEnd(stage)).phase).toBe('rolled-back');
    await expectTidy(stage);
  });
});

describe('a proxy that is killed', () => {
  it('comes back with the weights it had, and the rollout goes on', async () => {
    await start(stage, '--env', 'RELEASE=proxy-killed', '--window', '8s');
    await reach(stage, 'observing');
    await kill('canary-proxy');
    await waitFor(async () => (await look(stage))?.tracks?.canary.weight === 0.5, {
      what: 'the share to be there again',
    });
    expect((await reachEnd(stage)).phase).toBe('promoted');
    await expectTidy(stage);
  });
});

describe('PM2 itself', () => {
  it('updated in mid-rollout ends the rollout with main on its old release', async () => {
    const before = await mainRelease(stage);
    await start(stage, '--env', 'RELEASE=updated', '--window', '60s');
    await reach(stage, 'observing');
    await stage.pm2.pm2('update');
    await stage.ready();
    await stage.canary('rollback', SERVICE);
    expect((await reachEnd(stage)).phase).toBe('rolled-back');
    expect(await mainRelease(stage)).toBe(before);
    await expectTidy(stage);
  });

  it('killed in mid-rollout and resurrected leaves no canary behind, and no second proxy', async () => {
    const before = await mainRelease(stage);
    await stage.pm2.pm2('save');
    await start(stage, '--env', 'RELEASE=orphaned', '--window', '60s');
    await reach(stage, 'observing');
    const orphan = await orchestratorPid();
    process.kill(stage.pm2.daemonPid()!, 'SIGKILL');
    await waitFor(async () => (await look(stage))?.waitingFor?.includes('PM2') ?? false, {
      what: 'the orchestrator to notice that PM2 is gone',
    });
    await stage.pm2.startDaemon();
    await stage.pm2.pm2('resurrect');
    expect((await reachEnd(stage)).phase).toBe('rolled-back');
    await waitFor(() => !isRunning(orphan), { what: 'the orphan to give way' });
    await stage.ready();
    expect(await orchestratorPid()).not.toBe(orphan);
    expect(await mainRelease(stage)).toBe(before);
    await expectTidy(stage);
  });
});
