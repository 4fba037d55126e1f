import { describe, expect, it } from 'vitest';
import { PHASE_KINDS, canMove } from '../../../orchestrator/rollout/phase.js';
import { failing, service, Simulation } from './simulation.js';

const HOUR_MS = 3_600_000;

const texts = (run: Simulation): string[] => run.events.map(({ text }) => text);

/** No canary, main on the release, all traffic on main. */
function expectTidy(run: Simulation, release: 'old' | 'new'): void {
  expect(run.main?.release).toBe(release);
  expect(run.canaryListed).toBe(false);
  expect(run.route).toEqual({
    tracks: { stable: { ...service.stable, weight: 1, drain: false } },
  });
}

describe('a good release', () => {
  it('is promoted after its window, and the traffic never rests on an unproven process', () => {
    const run = new Simulation().toEnd();
    expect(texts(run)).toEqual([
      'start canary',
      'observing',
      'set-route',
      'promoting/leaving-main',
      'set-route',
      'promoting/restarting-main',
      'respec-main',
      'promoting/returning',
      'set-route',
      'baking',
      'set-route',
      'retiring',
      'set-route',
      'tidy-up',
      'promoted',
    ]);
    const observing = run.events.find(({ text }) => text === 'observing');
    const promoting = run.events.find(({ text }) => text === 'promoting/leaving-main');
    expect(promoting!.atMs - observing!.atMs).toBe(2 * HOUR_MS);
    expectTidy(run, 'new');
  });

  it('goes through all its steps', () => {
    const steps = [0.1, 0.25, 0.5].map((weight) => ({
      weight,
      windowMs: HOUR_MS,
      gate: 'auto' as const,
    }));
    const weights: number[] = [];
    const run = new Simulation({ steps });
    run.until(() => {
      const weight = run.route.tracks.canary?.weight;
      if (run.phase.kind === 'observing' && weight !== undefined) weights.push(weight);
      return run.phase.kind === 'promoting';
    });
    expect([...new Set(weights)]).toEqual([0.1, 0.25, 0.5]);
    expect(run.nowMs).toBe(3 * HOUR_MS);
  });

  it('ends its window early when it passes and that is wanted', () => {
    const run = new Simulation({ judge: { ...service.judge, early: true } }).to('promoting');
    expect(run.nowMs).toBeLessThan(HOUR_MS);
  });

  it('waits for a person when it is to be promoted by hand', () => {
    const run = new Simulation({ promote: 'manual' }).to('held');
    expect(run.phase).toMatchObject({ why: 'approval' });
    run.ask('promote');
    expectTidy(run.toEnd(), 'new');
  });

  it('waits for calls in flight on main, but only up to the drain time', () => {
    const run = new Simulation();
    run.stuck.stable = 1;
    run.to('promoting/leaving-main');
    const beganMs = run.nowMs;
    run.to('promoting/restarting-main');
    expect(run.nowMs - beganMs).toBe(90_000);
  });
});

describe('a release that is made first', () => {
  it('is made, and then the canary starts', () => {
    const run = new Simulation().preparing().to('observing');
    expect(texts(run).slice(0, 4)).toEqual(['prepare', 'starting', 'start canary', 'observing']);
    expect(run.nowMs).toBe(60_000);
    expectTidy(run.toEnd(), 'new');
  });

  it('needs neither PM2 nor the proxy to be made', () => {
    const run = new Simulation().preparing();
    run.daemonUp = false;
    run.proxyUp = false;
    expect(run.to('starting').phase).toMatchObject({ deadlineMs: 120_000 });
  });

  it('is taken back when it cannot be made, and main is not touched', () => {
    const run = new Simulation().preparing();
    run.preparationFails = true;
    const main = run.main;
    run.toEnd();
    expect(run.phase).toMatchObject({
      kind: 'rolled-back',
      cause: expect.stringContaining('(make): it ended with exit code 2'),
    });
    expect(texts(run)).not.toContain('start canary');
    expect(run.main).toBe(main);
    expectTidy(run, 'old');
  });

  it('begins anew with an orchestrator that has not begun it', () => {
    const run = new Simulation().preparing();
    run.tick();
    run.nowMs = 30_000;
    run.preparedAtMs = null;
    run.to('starting');
    expect(run.nowMs).toBe(90_000);
  });

  it('is ended at once when a person takes it back, whatever else is down', () => {
    const run = new Simulation().preparing();
    run.tick();
    run.daemonUp = false;
    run.proxyUp = false;
    run.ask('rollback');
    run.tick();
    expect(texts(run)).toEqual(['prepare', 'stop-preparing', 'rolling-back/returning']);
    run.daemonUp = true;
    run.proxyUp = true;
    expectTidy(run.toEnd(), 'old');
  });

  it.each(['promote', 'pause'] as const)('keeps a request to %s until it can be met', (kind) => {
    const run = new Simulation().preparing();
    run.tick();
    run.ask(kind);
    run.to(kind === 'promote' ? 'promoting' : 'held');
    expect(run.nowMs).toBe(60_000);
  });
});

describe('a bad release', () => {
  it('is taken back at once when the judge fails it, traffic first', () => {
    const run = new Simulation().to('observing');
    run.assessment = failing;
    run.toEnd();
    expect(texts(run).slice(3)).toEqual([
      'rolling-back/returning',
      'set-route',
      'rolling-back/removing',
      'set-route',
      'tidy-up',
      'rolled-back',
    ]);
    expect(run.phase).toMatchObject({ cause: failing.reason });
    expectTidy(run, 'old');
  });

  it('is taken back when its process ends', () => {
    const run = new Simulation().to('observing');
    run.canary = null;
    run.toEnd();
    expect(run.phase).toMatchObject({
      kind: 'rolled-back',
      cause: expect.stringContaining('ended'),
    });
    expect(run.nowMs).toBeLessThan(5_000);
    expectTidy(run, 'old');
  });

  it('is taken back when it crashes while it starts', () => {
    const run = new Simulation();
    run.tick();
    run.canary = null;
    expect(run.toEnd().phase).toMatchObject({ cause: expect.stringContaining('exited') });
    expectTidy(run, 'old');
  });

  it('is taken back when it never listens', () => {
    const run = new Simulation();
    run.canaryBroken = true;
    expect(run.toEnd().phase).toMatchObject({
      kind: 'rolled-back',
      cause: 'the canary was not ready in time: nobody listens on port 10003',
    });
    expect(run.nowMs).toBe(service.readyMs);
  });

  it('that does not come up on main leaves the traffic on the canary until main has its old spec back', () => {
    const run = new Simulation();
    run.broken.add('new');
    run.to('rolling-back');
    expect(run.route.tracks.canary?.weight).toBe(1);
    expect(run.main?.release).toBe('new');
    run.to('rolling-back/returning');
    expect(run.main?.release).toBe('old');
    expectTidy(run.toEnd(), 'old');
    expect(run.phase).toMatchObject({ cause: expect.stringContaining('did not come up') });
  });

  it('found while main bakes costs main its new spec, without a gap', () => {
    const run = new Simulation().to('baking');
    run.assessment = failing;
    run.to('rolling-back/restarting-main');
    expect(run.route.tracks.canary?.weight).toBe(1);
    expectTidy(run.toEnd(), 'old');
  });
});

describe('a fresh baseline', () => {
  const baseline = { app: 'scraper-baseline', at: { host: '127.0.0.1', port: 10_004 } };

  it('is started after the canary, has its share, and is gone in the end', () => {
    const run = new Simulation({ baseline }).to('observing');
    expect(texts(run)).toEqual(['start canary', 'start baseline', 'observing']);
    run.tick();
    expect(run.route.tracks).toMatchObject({
      stable: { weight: 0.8 },
      canary: { weight: 0.1 },
      baseline: { weight: 0.1, port: 10_004 },
    });
    run.to('promoting');
    run.tick();
    expect(run.route.tracks.baseline).toBeUndefined();
    run.toEnd();
    expect(run.baseline).toBeNull();
    expectTidy(run, 'new');
  });

  it('that ends leaves nothing to compare with: the rollout is held', () => {
    const run = new Simulation({ baseline }).to('observing');
    run.baseline = null;
    expect(run.to('held').phase).toMatchObject({ why: 'inconclusive' });
  });

  it('takes what the canary leaves of the sessions, when that is less than its share', () => {
    const run = new Simulation({
      baseline,
      steps: [{ weight: 0.75, windowMs: HOUR_MS, gate: 'auto' }],
    });
    run.to('observing').tick();
    expect(run.route.tracks).toMatchObject({
      stable: { weight: 0 },
      canary: { weight: 0.75 },
      baseline: { weight: 0.25 },
    });
  });
});

describe('main that comes up on neither release', () => {
  it('is held for a person while the canary carries the traffic', () => {
    const run = new Simulation();
    run.broken.add('new').add('old');
    run.to('held');
    expect(run.phase).toMatchObject({ why: 'main-down' });
    expect(run.route.tracks.canary?.weight).toBe(1);
    run.broken.clear();
    run.ask('rollback');
    expectTidy(run.toEnd(), 'old');
  });

  it('can still be promoted once the cause is gone', () => {
    const run = new Simulation();
    run.broken.add('new').add('old');
    run.to('held');
    run.broken.clear();
    run.ask('promote');
    expectTidy(run.toEnd(), 'new');
  });
});

const PLACES = [
  'starting',
  'observing',
  'promoting/leaving-main',
  'promoting/restarting-main',
  'promoting/returning',
  'baking',
  'retiring',
];

describe.each(PLACES)('a person in %s', (place) => {
  it('can roll back, and it is complete', () => {
    const run = new Simulation();
    if (place === 'promoting/leaving-main') run.stuck.stable = 1;
    run.to(place);
    run.ask('rollback');
    run.stuck.stable = 0;
    run.toEnd();
    expect(run.phase.kind).toBe('rolled-back');
    expectTidy(run, 'old');
  });

  it('can promote, and it is complete', () => {
    const run = new Simulation().to(place);
    run.ask('promote');
    run.toEnd();
    expect(run.phase.kind).toBe('promoted');
    expectTidy(run, 'new');
  });
});

describe('the end of a promotion', () => {
  it('is no end while main does not have the release: a dump from before brought it back', () => {
    const run = new Simulation().to('retiring');
    run.main = { pid: 90, release: 'old', orderedAtMs: 0 };
    run.canary = null;
    run.toEnd();
    expect(run.phase).toMatchObject({
      kind: 'rolled-back',
      cause: 'main no longer has the new release in PM2',
    });
    expectTidy(run, 'old');
  });

  it('is no end while main is gone', () => {
    const run = new Simulation().to('retiring');
    run.mainCount = 0;
    expect(run.to('rolling-back').phase).toMatchObject({ mainTouched: true });
  });

  it('does not need the canary', () => {
    const run = new Simulation().to('retiring');
    run.canary = null;
    run.canaryListed = false;
    expectTidy(run.toEnd(), 'new');
  });
});

describe('a pause', () => {
  it('stops the window and keeps the share, and resume goes on with the rest', () => {
    const run = new Simulation().to('observing');
    run.nowMs += HOUR_MS;
    run.ask('pause');
    run.to('held');
    run.nowMs += 10 * HOUR_MS;
    run.tick();
    expect(run.route.tracks.canary?.weight).toBe(0.1);
    run.ask('resume');
    run.to('observing');
    expect(run.phase).toMatchObject({ endsAtMs: run.nowMs + HOUR_MS });
  });

  it('asked for while the canary starts is taken up when it is ready', () => {
    const run = new Simulation();
    run.ask('pause');
    expect(run.to('held').phase).toMatchObject({ why: 'paused', remainingMs: 2 * HOUR_MS });
  });

  it('does not protect a bad canary', () => {
    const run = new Simulation().to('observing');
    run.ask('pause');
    run.to('held');
    run.assessment = failing;
    expect(run.toEnd().phase.kind).toBe('rolled-back');
  });
});

describe('without PM2 or the proxy', () => {
  it.each([...PLACES, 'rolling-back/returning'])('%s waits and then goes on', (place) => {
    for (const part of ['daemonUp', 'proxyUp'] as const) {
      const run = new Simulation();
      run.stuck = { stable: 1, canary: 1 };
      if (place.startsWith('rolling-back')) run.to('observing').ask('rollback');
      run.to(place);
      run[part] = false;
      for (let i = 0; i < 5; i += 1) {
        run.tick();
        run.nowMs += 1_000;
      }
      run[part] = true;
      run.stuck = { stable: 0, canary: 0 };
      run.toEnd();
      expectTidy(run, run.phase.kind === 'promoted' ? 'new' : 'old');
    }
  });

  it('never restarts main before the proxy has said that it is empty', () => {
    const run = new Simulation().to('promoting/leaving-main');
    run.proxyUp = false;
    run.nowMs += 24 * HOUR_MS;
    for (let i = 0; i < 10; i += 1) run.tick();
    expect(run.where).toBe('promoting/leaving-main');
    expect(run.main?.release).toBe('old');
  });
});

describe('the table of moves', () => {
  it('has no way out of an end, and one end at least from everywhere', () => {
    const reached = new Set(['promoted', 'rolled-back']);
    for (let more = true; more;) {
      const before = reached.size;
      for (const from of PHASE_KINDS)
        if ([...reached].some((to) => canMove(from, to as (typeof PHASE_KINDS)[number])))
          reached.add(from);
      more = reached.size > before;
    }
    expect([...reached].sort()).toEqual([...PHASE_KINDS].sort());
    expect(PHASE_KINDS.filter((to) => canMove('promoted', to))).toEqual([]);
  });
});
