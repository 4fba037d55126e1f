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
  typed,
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

  it.each(['starting', 'baking'])('in %s leaves main with what it ran', rollBackIn);

  describe('while main is being replaced', () => {
    useSlowAgents(() => stage);

    it.each(['promoting/leaving-main', 'promoting/restarting-main', 'promoting/returning'])(
      'in %s leaves main with what it ran',
      rollBackIn,
    );
  });
});

it('a person who promotes in starting has main run the release', async () => {
  await start(stage, '--env', 'RELEASE=at-once', '--window', '60s');
  await reach(stage, 'starting');
  await steer(stage, 'promote', null);
  expect((await reachEnd(stage)).phase).toBe('promoted');
  expect(mainRelease(stage)).toBe('RELEASE=at-once');
  await expectTidy(stage);
});

describe('the orders of the command line', () => {
  it('to roll back waits for the end, and tells it by its exit code', async () => {
    const before = mainRelease(stage);
    await start(stage, '--env', 'RELEASE=never', '--window', '60s');
    await reach(stage, 'observing');
    const back = await stage.canary('rollback', SERVICE, '--reason', 'on call', '--wait');
    expect(back).toMatchObject({ code: 3, stderr: '' });
    expect(mainRelease(stage)).toBe(before);
    await expectTidy(stage);
  });

  it('to promote does so too, and baking is ended by another', async () => {
    await start(stage, '--env', 'RELEASE=typed', '--window', '60s');
    await reach(stage, 'observing');
    const forth = stage.canary('promote', SERVICE, '--wait');
    await reach(stage, 'baking');
    await steer(stage, 'promote', null);
    expect(await forth).toMatchObject({ code: 0, stderr: '' });
    expect(mainRelease(stage)).toBe('RELEASE=typed');
    await expectTidy(stage);
  });
});

describe('a paused rollout', () => {
  it('is held with exit code 4, goes on after resume, and can be rolled back', async () => {
    await start(stage, '--env', 'RELEASE=paused', '--window', '60s');
    await reach(stage, 'observing');
    expect((await stage.canary('pause', SERVICE, '--wait')).code).toBe(4);
    expect((await typed(stage, 'resume', SERVICE)).code).toBe(0);
    await reach(stage, 'observing');
    expect((await typed(stage, 'pause', SERVICE, '--wait')).code).toBe(4);
    expect((await typed(stage, 'rollback', SERVICE, '--wait')).code).toBe(3);
    await expectTidy(stage);
  });
});

describe('an order that makes no sense', () => {
  it('is refused with the reason', async () => {
    const none = await typed(stage, 'promote', SERVICE);
    expect(none).toMatchObject({ code: 1 });
    expect(none.stderr).toContain(`${SERVICE} has no rollout under way`);

    await start(stage, fault('never-listens'));
    const second = await typed(stage, 'start', SERVICE);
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/is under way \(starting\)/);
    await typed(stage, 'rollback', SERVICE, '--wait');
    await expectTidy(stage);
  });
});
