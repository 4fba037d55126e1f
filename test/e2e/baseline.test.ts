import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAgents, type Agents } from '../../demo/agents.js';
import type { Stage } from '../../demo/stage.js';
import { freePort } from '../support/ports.js';
import {
  expectTidy,
  fault,
  openTestStage,
  pm2App,
  reach,
  reachEnd,
  SERVICE,
  start,
} from './support.js';

let stage: Stage;
let agents: Agents;

beforeAll(async () => {
  stage = await openTestStage(
    { weight: '30%' },
    { baseline: 'fresh', baselineAt: await freePort() },
  );
  agents = startAgents({ url: stage.url(SERVICE), agents: 6, callsPerSession: 4, pauseMs: 20 });
});

afterAll(async () => {
  await agents.stop();
  await stage.dispose();
});

describe('a fresh baseline', () => {
  it('runs the old release with the share of the canary, and is gone after the promotion', async () => {
    await start(stage, '--env', 'RELEASE=compared');
    const view = await reach(stage, 'observing');
    expect(view.tracks?.baseline?.pid).toBeGreaterThan(0);
    const baseline = (await pm2App(stage, `${SERVICE}-baseline`))!;
    expect(baseline.pm2_env['RELEASE']).toBeUndefined();
    expect(baseline.pm2_env['CANARY_ROLLOUT']).toContain(view.id);
    await reach(stage, 'baking');
    const ended = await reachEnd(stage);
    expect(ended.phase).toBe('promoted');
    expect(await pm2App(stage, `${SERVICE}-baseline`)).toBeUndefined();
    await expectTidy(stage);
    expect(agents.tally.failures).toEqual([]);
  });

  it('is what a bad release is compared with', async () => {
    await start(stage, fault('failing-tool'), '--window', '60s');
    const view = await reachEnd(stage);
    expect(view.phase).toBe('rolled-back');
    expect(view.transitions.find(({ to }) => to === 'rolling-back')!.assessment).toMatchObject({
      check: 'errors',
    });
    expect(await pm2App(stage, `${SERVICE}-baseline`)).toBeUndefined();
    await expectTidy(stage);
  });
});
