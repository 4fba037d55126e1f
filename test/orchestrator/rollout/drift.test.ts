import { describe, expect, it } from 'vitest';
import type { ServiceConfig } from '../../../config/types.js';
import { passedSmoke, Simulation } from './simulation.js';

const HOUR_MS = 3_600_000;

/** A rollout that is watched, and has been looked at. */
function watched(config: Partial<ServiceConfig> = {}): Simulation {
  const run = new Simulation(config).to('observing');
  run.until(() => run.rollout.witness !== null);
  run.nowMs = HOUR_MS;
  return run;
}

/** The reason of the next move. */
function moved(run: Simulation): string {
  const decision = run.tick();
  return decision.kind === 'move' ? decision.reason : decision.kind;
}

const DEEDS: readonly (readonly [string, RegExp, (run: Simulation) => void])[] = [
  [
    'main restarted',
    /^main was restarted by another hand at 1970-.*: pid 1 -> 3$/,
    (run) => run.restart('main', true),
  ],
  [
    'main restarted with other settings',
    /^main was restarted by another hand at .*; env PORT changed$/,
    (run) => {
      run.restart('main', true);
      run.edited = { main: { PORT: '1' } };
    },
  ],
  [
    'main deleted and started anew',
    /^main was deleted and started anew by another hand at .*: pid 1 -> 3$/,
    (run) => {
      run.mainId = 'another';
      run.restart('main', true);
    },
  ],
  [
    'main scaled',
    /^main was scaled by another hand: PM2 has 3 apps scraper, wanted one$/,
    (run) => (run.mainCount = 3),
  ],
  [
    'canary scaled',
    /^canary was scaled by another hand: PM2 has 2 apps scraper-canary, wanted one$/,
    (run) => (run.canaryCount = 2),
  ],
  [
    'canary restarted',
    /^canary was restarted by another hand at .*: pid 2 -> 3$/,
    (run) => run.restart('canary', true),
  ],
];

describe.each(DEEDS)('%s by another hand', (_, sentence, deed) => {
  it('holds the rollout, named, and it goes on after resume', () => {
    const run = watched();
    deed(run);
    expect(moved(run)).toMatch(sentence);
    expect(run.phase).toMatchObject({ kind: 'held', why: 'drift', remainingMs: HOUR_MS });
    expect(run.tick().kind).toBe('wait');
    run.mainCount = 1;
    run.canaryCount = 1;
    run.ask('resume');
    run.to('observing').tick();
    expect(run.phase).toMatchObject({ kind: 'observing', endsAtMs: run.nowMs + HOUR_MS });
  });

  it('takes the canary back with drift: rollback', () => {
    const run = watched({ drift: 'rollback' });
    deed(run);
    run.toEnd();
    expect(run.phase).toMatchObject({
      kind: 'rolled-back',
      cause: expect.stringMatching(sentence),
    });
  });

  it('with drift: ignore does not stop the rollout', () => {
    const run = watched({ drift: 'ignore' });
    deed(run);
    run.to('promoting');
    expect(run.nowMs).toBe(2 * HOUR_MS);
  });
});

describe('an ordered restart whose old process takes its time to end', () => {
  it.each(['main', 'canary'] as const)('of %s is told when the new one is there', (app) => {
    const run = watched();
    const status = app === 'main' ? 'mainStatus' : 'canaryStatus';
    run[app] = { ...run[app]!, orderedAtMs: run[app]!.orderedAtMs + 1 };
    run[status] = 'stopping';
    run.edited = { [app]: { FLAG: 'on' } };
    expect(run.tick().kind).toBe('wait');
    run[status] = null;
    run.restart(app, false);
    expect(moved(run)).toMatch(
      new RegExp(`^${app} was restarted by another hand at .*: pid . -> 3; env FLAG changed$`),
    );
  });
});

describe('a rollout that is held for drift', () => {
  const gone = 'main was deleted from PM2 by another hand';

  it.each(DEEDS)('by %s is held for what is done to main next, too', (_, sentence, deed) => {
    const run = watched();
    deed(run);
    expect(moved(run)).toMatch(sentence);
    run.mainCount = 0;
    expect(moved(run)).toBe(gone);
    expect(run.tick().kind).toBe('wait');
    run.mainCount = 1;
    run.stops.add(0);
    run.main = null;
    expect(moved(run)).toBe('main was stopped by another hand');
    expect(run.tick().kind).toBe('wait');
  });
});

describe('main restarted before the first traffic', () => {
  const tested: Partial<ServiceConfig> = { contract: { breaking: 'refuse', allow: [] } };

  it.each(['starting', 'smoking'] as const)('while %s is told as the trial begins', (phase) => {
    const run = new Simulation(tested);
    run.canaryBroken = phase === 'starting';
    run.smokeHangs = phase === 'smoking';
    run.to(phase).until(() => run.rollout.witness !== null);
    run.restart('main', true);
    expect(run.phase.kind).toBe(phase);
    run.canaryBroken = false;
    run.rollout = { ...run.rollout, smoke: passedSmoke };
    expect(moved(run.to('observing'))).toBe('act');
    expect(moved(run)).toMatch(/^main was restarted by another hand at/);
    expect(run.phase).toMatchObject({ kind: 'held', why: 'drift' });
  });
});

describe('a canary that runs something else than what would be promoted', () => {
  it('is taken back', () => {
    const run = watched();
    run.restart('canary', true);
    run.edited = { canary: { FLAG: 'on' } };
    expect(moved(run)).toMatch(/^canary was restarted .*; env FLAG changed$/);
    expect(run.phase.kind).toBe('rolling-back');
  });

  it('is waited for while PM2 restarts it', () => {
    const run = watched();
    const { canary } = run;
    run.canary = null;
    run.canaryStatus = 'stopping';
    expect(run.tick().kind).toBe('wait');
    run.canary = canary;
    run.canaryStatus = null;
    run.restart('canary', true);
    expect(moved(run)).toMatch(/^canary was restarted/);
    expect(run.phase.kind).toBe('held');
  });

  it('or was deleted or stopped is taken back, and the release is not blamed', () => {
    const gone = watched();
    gone.canaryListed = false;
    expect(moved(gone)).toBe('the canary was deleted from PM2 by another hand');
    const stopped = watched();
    stopped.canary = null;
    stopped.stops.add(1);
    expect(moved(stopped)).toBe('the canary was stopped by another hand');
    expect(stopped.phase.kind).toBe('rolling-back');
  });
});

describe('without main', () => {
  it.each(['pause', 'rollback'] as const)('nothing is taken back, also with drift: %s', (drift) => {
    const run = watched({ drift });
    run.mainCount = 0;
    expect(moved(run)).toBe('main was deleted from PM2 by another hand');
    expect(run.phase).toMatchObject({ kind: 'held', why: 'drift' });
    run.ask('resume');
    run.to('observing');
    expect(moved(run)).toContain('main was deleted');
  });

  it('it is told whether somebody stopped it', () => {
    for (const [stops, sentence] of [
      [[0], 'main was stopped by another hand'],
      [[], 'main ended, and PM2 does not restart it'],
    ] as const) {
      const run = watched();
      run.main = null;
      run.stops = new Set(stops);
      expect(moved(run)).toBe(sentence);
    }
  });
});

describe('no drift is', () => {
  const DEEDS: readonly (readonly [string, (run: Simulation) => void])[] = [
    ['a restart by PM2 after a crash', (run) => run.restart('main', false)],
    [
      'a restart for memory',
      (run) => {
        run.restart('main', true);
        run.memoryRestarts.add(0);
      },
    ],
    [
      'a main that is just being started',
      (run) => {
        run.main = null;
        run.mainStatus = 'launching';
      },
    ],
  ];

  it.each(DEEDS)('%s', (_, deed) => {
    const run = watched();
    deed(run);
    expect(run.tick().kind).toBe('wait');
  });

  it('what the promotion itself does', () => {
    const run = watched().toEnd();
    expect(run.phase.kind).toBe('promoted');
    expect(run.events.map(({ text }) => text)).not.toContain('held');
  });
});

describe('what happened while nobody looked', () => {
  it('is found: main edited while the canary started', () => {
    const run = new Simulation();
    run.edited = { main: { PORT: '1' } };
    run.to('held');
    expect(run.nowMs).toBeLessThan(HOUR_MS);
    expect(run.phase).toMatchObject({ why: 'drift' });
  });

  it('replaces what the rollout was held for: nobody promotes it by a deadline', () => {
    const run = new Simulation({ promote: 'manual', promoteByMs: HOUR_MS, onDeadline: 'promote' });
    run.to('held').tick();
    run.restart('main', true);
    run.until(() => run.phase.kind === 'held' && run.phase.why === 'drift');
    run.nowMs += 10 * HOUR_MS;
    expect(run.tick().kind).toBe('wait');
  });
});

describe('while main bakes', () => {
  function baking(config: Partial<ServiceConfig> = {}): Simulation {
    const run = new Simulation(config).to('baking');
    return run.until(() => run.rollout.witness !== null);
  }

  it('an edit of main takes the release back: it does not run it any more', () => {
    const run = baking();
    run.restart('main', true);
    run.edited = { main: { PORT: '1' } };
    expect(moved(run)).toMatch(/; env PORT changed$/);
    expect(run.phase).toMatchObject({ kind: 'rolling-back', mainTouched: true });
    run.edited = {};
    expect(run.toEnd().main?.release).toBe('old');
  });

  it('a restart of main is noted, and the baking goes on', () => {
    const run = baking();
    const { phase } = run;
    run.restart('main', true);
    expect(moved(run)).toContain('it runs the release, the baking goes on');
    expect(run.phase).toEqual(phase);
    expect(run.toEnd().phase.kind).toBe('promoted');
  });

  it('a stop of main takes the release back, one of the canary does nothing', () => {
    const run = baking();
    run.canary = null;
    run.stops.add(1);
    expect(run.tick().kind).toBe('wait');
    run.main = null;
    run.stops.add(0);
    expect(moved(run)).toBe('main was stopped by another hand');
    expect(run.phase.kind).toBe('rolling-back');
  });
});
