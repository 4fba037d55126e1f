/** What the model (test/model/) found: main and the canary when the other is gone, and ends that would not be true. */
import { describe, expect, it } from 'vitest';
import { failing, Simulation } from './simulation.js';

const HOUR_MS = 3_600_000;

/** Promoted up to the moment at which main, empty, is to be given the new release. */
function aboutToRestart(): Simulation {
  return new Simulation().to('promoting/restarting-main');
}

/** Taken back while main bakes, with nobody left but main. */
function takenBackAlone(): Simulation {
  const run = new Simulation().to('baking');
  run.canary = null;
  return run.to('rolling-back/restarting-main');
}

function heldWithMainDown(): Simulation {
  const run = new Simulation();
  run.broken.add('new').add('old');
  return run.to('held');
}

describe('a canary that ends before main is given its release', () => {
  it('is not promoted: main, which alone serves, is not restarted', () => {
    const run = aboutToRestart();
    run.canary = null;
    run.toEnd();
    expect(run.phase).toMatchObject({
      kind: 'rolled-back',
      cause: expect.stringContaining("the canary's process ended"),
    });
    expect(run.main).toMatchObject({ pid: 1, release: 'old' });
    expect(run.nowMs).toBeLessThan(3 * HOUR_MS);
  });

  it('is promoted all the same when main has no process either', () => {
    const run = aboutToRestart();
    run.canary = null;
    run.main = null;
    run.until(() => run.main?.release === 'new');
  });
});

describe('main that has the other release again', () => {
  it('is not called promoted: it was restarted from a dump with the old one', () => {
    const run = new Simulation().to('retiring');
    run.restart('main', true);
    run.main = { ...run.main!, release: 'old' };
    run.toEnd();
    expect(run.phase).toMatchObject({
      kind: 'rolled-back',
      cause: 'main no longer has the new release in PM2',
    });
    expect(run.main.release).toBe('old');
  });

  it('or is deleted is not called promoted', () => {
    const run = new Simulation().to('retiring');
    run.mainCount = 0;
    run.tick();
    run.tick();
    expect(run.where).toBe('rolling-back/leaving-main');
    expect(run.phase).toMatchObject({ cause: 'main is gone from PM2' });
  });

  it('gets its old spec once more before it is called rolled back', () => {
    const run = new Simulation().to('baking');
    run.assessment = failing;
    run.to('rolling-back/removing');
    run.main = { ...run.main!, release: 'new' };
    run.toEnd();
    expect(run.phase).toMatchObject({ kind: 'rolled-back', cause: failing.reason });
    expect(run.main.release).toBe('old');
  });
});

describe('a proxy that does not answer', () => {
  it('is waited for before a rollback is over: its route still names the canary', () => {
    const run = new Simulation().to('observing');
    run.ask('rollback');
    run.to('rolling-back/removing');
    run.proxyUp = false;
    for (let i = 0; i < 5; i += 1) run.tick();
    expect(run.where).toBe('rolling-back/removing');
    run.proxyUp = true;
    run.toEnd();
    expect(run.route.tracks.canary).toBeUndefined();
  });

  it('is waited for before main is restarted: it may send everybody there', () => {
    const run = takenBackAlone();
    run.proxyUp = false;
    run.nowMs += HOUR_MS;
    for (let i = 0; i < 5; i += 1) run.tick();
    expect(run.main?.release).toBe('new');
    run.proxyUp = true;
    run.until(() => run.main?.release === 'old');
    expect(run.route.tracks.stable.weight).toBe(0);
    expect(run.toEnd().phase.kind).toBe('rolled-back');
  });
});

describe('an order to restart main that nobody could give in its time', () => {
  it('is given late, and main has its time from then on', () => {
    const run = aboutToRestart();
    run.nowMs += HOUR_MS;
    run.broken.add('new');
    run.until(() => run.main?.release === 'new');
    const orderedAtMs = run.nowMs;
    run.to('rolling-back');
    expect(run.nowMs - orderedAtMs).toBe(run.rollout.config.readyMs);
  });
});

describe('main that is down on both releases', () => {
  it('has the traffic back by itself when it serves and the canary has ended', () => {
    const run = heldWithMainDown();
    run.canary = null;
    for (let i = 0; i < 5; i += 1) run.tick();
    expect(run.where).toBe('held');
    run.broken.clear();
    run.toEnd();
    expect(run.phase).toMatchObject({ kind: 'rolled-back' });
    expect(run.main?.release).toBe('old');
    expect(run.route.tracks.stable.weight).toBe(1);
  });

  it('is left to a person while the canary serves', () => {
    const run = heldWithMainDown();
    run.broken.clear();
    for (let i = 0; i < 5; i += 1) run.tick();
    expect(run.where).toBe('held');
  });

  it.each(['rollback', 'promote'] as const)('is restarted by an order to %s', (kind) => {
    const run = heldWithMainDown();
    const before = run.main!.pid;
    run.ask(kind);
    run.until(() => run.main!.pid !== before);
    run.broken.clear();
    expect(run.toEnd().phase.kind).toBe(kind === 'promote' ? 'promoted' : 'rolled-back');
  });

  // Both with a `restart_delay` over its limit, which PM2 calls `waiting restart`, and without.
  it.each(['errored', 'stopped', 'waiting restart'])(
    'is restarted by an order also when PM2 has given it up (%s)',
    (status) => {
      const run = heldWithMainDown();
      run.main = null;
      run.mainStatus = status;
      run.broken.clear();
      run.ask('rollback');
      run.until(() => run.main !== null, 10_000);
      run.mainStatus = null;
      expect(run.toEnd().phase.kind).toBe('rolled-back');
    },
  );

  it('is left to PM2 while it is just being started', () => {
    const run = heldWithMainDown();
    const { main } = run;
    run.main = null;
    run.mainStatus = 'launching';
    run.broken.clear();
    run.ask('rollback');
    run.to('rolling-back');
    expect(run.tick().kind).toBe('wait');
    run.main = main;
    run.mainStatus = null;
    expect(run.toEnd().main).toBe(main);
  });
});
