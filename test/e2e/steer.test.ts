import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAgents, type Agents } from '../../demo/agents.js';
import type { Stage } from '../../demo/stage.js';
import {
  expectTidy,
  fault,
  mainRelease,
  openTestStage,
  reach,
  reachEnd,
  SERVICE,
  start,
  steer,
  useSlowAgents,
} from './support.js';

let stage: Stage;
let agents: Agents;

beforeAll(async () => {
  stage = await openTestStage({ window: '2s', bake: '2s', minimum: { calls: 5, sessions: 1 } });
  agents = startAgents({ url: stage.url(SERVICE), agents: 4, callsPerSession: 6, pauseMs: 100 });
});

afterAll(async () => {
  await agents.stop();
  await stage.dispose();
});

describe('a person who rolls back', () => {
  const rollBackIn = async (where: string): Promise<void> => {
    const before = mainRelease(stage);
    await start(stage, '--env', `RELEASE=back from ${where}`);
    await reach(stage, where);
    await steer(stage, 'rollback', 'on call');
    const view = await reachEnd(stage);
    expect(view.phase).toBe('rolled-back');
    expect(view.reason).toContain('on call');
    expect(mainRelease(stage)).toBe(before);
    await expectTidy(stage);
  };

  it.each(['starting', 'observing', 'baking'])('in %s leaves main with what it ran', rollBackIn);

  describe('while main is being replaced', () => {
    useSlowAgents(() => stage);

    it.each(['promoting/leaving-main', 'promoting/restarting-main', 'promoting/returning'])(
      'in %s leaves main with what it ran',
      rollBackIn,
    );
  });
});

describe('a person who promotes', () => {
  it.each(['starting', 'observing', 'baking'])('in %s has main run the release', async (where) => {
    const release = `RELEASE=on from ${where}`;
    await start(stage, '--env', release, '--window', where === 'baking' ? '2s' : '60s');
    await reach(stage, where);
    await steer(stage, 'promote', null);
    expect((await reachEnd(stage)).phase).toBe('promoted');
    expect(mainRelease(stage)).toBe(release);
    await expectTidy(stage);
  });
});

describe('the orders of the command line', () => {
  it('wait for the end, and tell it by their exit code', async () => {
    await start(stage, '--env', 'RELEASE=typed', '--window', '60s');
    await reach(stage, 'observing');
    const back = await stage.canary('rollback', SERVICE, '--reason', 'on call', '--wait');
    expect(back).toMatchObject({ code: 3, stderr: '' });
    await start(stage, '--env', 'RELEASE=typed', '--window', '60s');
    await reach(stage, 'observing');
    const forth = await stage.canary('promote', SERVICE, '--wait');
    expect(forth).toMatchObject({ code: 0, stderr: '' });
    expect(mainRelease(stage)).toBe('RELEASE=typed');
    await expectTidy(stage);
  });
});

describe('a paused rollout', () => {
  it('is held with exit code 4, goes on after resume, and can be rolled back', async () => {
    await start(stage, '--env', 'RELEASE=paused', '--window', '60s');
    await reach(stage, 'observing');
    expect((await stage.canary('pause', SERVICE, '--wait')).code).toBe(4);
    expect((await stage.canary('resume', SERVICE)).code).toBe(0);
    await reach(stage, 'observing');
    expect((await stage.canary('pause', SERVICE, '--wait')).code).toBe(4);
    expect((await stage.canary('rollback', SERVICE, '--wait')).code).toBe(3);
    await expectTidy(stage);
  });
});

describe('an order that makes no sense', () => {
  it('is refused with the reason', async () => {
    const none = await stage.canary('promote', SERVICE);
    expect(none).toMatchObject({ code: 1 });
    expect(none.stderr).toContain(`${SERVICE} has no rollout under way`);

    await start(stage, fault('never-listens'));
    const second = await stage.canary('start', SERVICE);
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/is under way \(starting\)/);
    await stage.canary('rollback', SERVICE, '--wait');
    await expectTidy(stage);
  });
});
