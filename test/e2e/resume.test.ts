import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
  pidOf,
  reach,
  reachEnd,
  SERVICE,
  start,
  steer,
  typed,
  useSlowAgents,
} from './support.js';

const ORCHESTRATOR = 'canary-orchestrator';

/** Lasts long enough to be killed in. */
const SUITE = `calls:
  - tool: trigger-long-running-operation
    arguments: { duration: 2, steps: 1 }
`;

let stage: Stage;
let agents: Agents;

beforeAll(async () => {
  stage = await openTestStage(
    {
      window: '3s',
      bake: '3s',
      // Long enough to come back from being killed in the stage before.
      drain: { calls: '3s', sessions: '3s' },
      ready: '40s',
      minimum: { calls: 5, sessions: 1 },
    },
    { smoke: 'suite.yaml', release: { prepare: ['echo made >> made', 'sleep 2'] } },
  );
  writeFileSync(join(stage.home, 'suite.yaml'), SUITE);
  agents = startAgents({ url: stage.url(SERVICE), agents: 4, callsPerSession: 6, pauseMs: 100 });
});

afterAll(async () => {
  await agents.stop();
  await stage.dispose();
});

/** SIGKILL; PM2 starts it again. */
async function kill(app: string): Promise<void> {
  const pid = pidOf(stage, app);
  process.kill(pid, 'SIGKILL');
  await waitFor(() => pidOf(stage, app) !== pid, { what: `PM2 to start ${app} again` });
}

/** Kills the orchestrator each time that the rollout gets to one of the places. */
async function killIn(places: readonly string[]): Promise<void> {
  for (const where of places) {
    await reach(stage, where);
    await kill(ORCHESTRATOR);
  }
}

describe('an orchestrator that is killed', () => {
  useSlowAgents(() => stage);

  it('in each phase of a promotion finishes it', async () => {
    const release = 'RELEASE=killed-on-the-way';
    const result = await start(stage, '--version', '1.0.0', '--env', release);
    expect(result.stdout).toContain('1.0.0');
    await killIn([
      'preparing',
      'starting',
      'smoking',
      'observing',
      'promoting/leaving-main',
      'promoting/restarting-main',
      'promoting/returning',
      'baking',
      'retiring',
    ]);
    expect((await reachEnd(stage)).phase).toBe('promoted');
    expect(mainRelease(stage)).toBe(release);
    await expectTidy(stage);
  });

  it('in each phase of a rollback before main was touched finishes it', async () => {
    const before = mainRelease(stage);
    await start(stage, '--skip-smoke', '--env', 'RELEASE=never', '--window', '60s');
    await reach(stage, 'observing');
    await steer(stage, 'rollback', null);
    await killIn(['rolling-back/returning', 'rolling-back/removing']);
    expect((await reachEnd(stage)).phase).toBe('rolled-back');
    expect(mainRelease(stage)).toBe(before);
    await expectTidy(stage);
  });

  it('in each phase of a rollback after main was touched gives main its old spec back', async () => {
    const before = mainRelease(stage);
    await start(stage, '--skip-smoke', '--env', 'RELEASE=not-for-long', '--window', '2s');
    await reach(stage, 'baking');
    await steer(stage, 'rollback', null);
    await killIn([
      'rolling-back/leaving-main',
      'rolling-back/restarting-main',
      'rolling-back/returning',
      'rolling-back/removing',
    ]);
    expect((await reachEnd(stage)).phase).toBe('rolled-back');
    expect(mainRelease(stage)).toBe(before);
    await expectTidy(stage);
  });
});

describe('an orchestrator that is killed while it waits for a person', () => {
  it('keeps the rollout held, with its share', async () => {
    await start(stage, '--skip-smoke', '--env', 'RELEASE=held', '--window', '60s');
    await reach(stage, 'observing');
    await steer(stage, 'pause', null);
    await reach(stage, 'held');
    await kill(ORCHESTRATOR);
    await waitFor(async () => (await look(stage))?.tracks?.canary.weight === 0.5, {
      what: 'the held rollout with its share',
    });
    expect((await look(stage))?.phase).toBe('held');
    await steer(stage, 'rollback', null);
    expect((await reachEnd(stage)).phase).toBe('rolled-back');
    await expectTidy(stage);
  });
});

describe('a proxy that is killed', () => {
  it('comes back with the weights it had, and the rollout goes on', async () => {
    await start(stage, '--skip-smoke', '--env', 'RELEASE=proxy-killed', '--window', '8s');
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
    const before = mainRelease(stage);
    await start(stage, '--skip-smoke', '--env', 'RELEASE=updated', '--window', '60s');
    await reach(stage, 'observing');
    await stage.pm2.pm2('update');
    await stage.ready();
    await typed(stage, 'rollback', SERVICE);
    expect((await reachEnd(stage)).phase).toBe('rolled-back');
    expect(mainRelease(stage)).toBe(before);
    await expectTidy(stage);
  });

  it('killed in mid-rollout and resurrected leaves no canary behind, and no second proxy', async () => {
    const before = mainRelease(stage);
    await stage.pm2.pm2('save');
    await start(stage, '--skip-smoke', '--env', 'RELEASE=orphaned', '--window', '60s');
    await reach(stage, 'observing');
    const orphan = pidOf(stage, ORCHESTRATOR);
    process.kill(stage.pm2.daemonPid()!, 'SIGKILL');
    await waitFor(async () => (await look(stage))?.waitingFor?.includes('PM2') ?? false, {
      what: 'the orchestrator to notice that PM2 is gone',
    });
    await stage.pm2.startDaemon();
    await stage.pm2.pm2('resurrect');
    expect((await reachEnd(stage)).phase).toBe('rolled-back');
    await waitFor(() => !isRunning(orphan), { what: 'the orphan to give way' });
    await stage.ready();
    expect(pidOf(stage, ORCHESTRATOR)).not.toBe(orphan);
    await waitFor(() => mainRelease(stage) === before, { what: 'main as it was to listen' });
    await expectTidy(stage);
  });
});
