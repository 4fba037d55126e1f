import { describe, expect, it } from 'vitest';
import type { ServiceConfig } from '../../../config/types.js';
import { passedSmoke, Simulation } from './simulation.js';

const HOUR_MS = 3_600_000;

/** Until there is nothing to do but to wait. */
function looked(run: Simulation): Simulation {
  while (run.tick().kind !== 'wait') continue;
  return run;
}

/** A rollout that is watched, and has been looked at. */
function watched(config: Partial<ServiceConfig> = {}): Simulation {
  const run = looked(new Simulation(config).to('observing'));
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

/** A canary that stays in the phase, and has been looked at. */
function early(phase: 'starting' | 'smoking', config: Partial<ServiceConfig> = {}): Simulation {
  const run = new Simulation({ contract: { breaking: 'refuse', allow: [] }, ...config });
  run.canaryBroken = phase === 'starting';
  run.smokeHangs = phase === 'smoking';
  return looked(run.to(phase));
}

/** After more looks the canary is ready, and has passed. */
function ready(run: Simulation): Simulation {
  for (let looks = 0; looks < 3; looks += 1) expect(run.tick().kind).toBe('wait');
  run.canaryBroken = false;
  run.rollout = { ...run.rollout, smoke: passedSmoke };
  return run;
}

/** The reason of the trial's first move. */
function toldBy(run: Simulation): string {
  expect(moved(ready(run).to('observing'))).toBe('act');
  return moved(run);
}

describe.each(['starting', 'smoking'] as const)('before the first traffic (%s)', (phase) => {
  it.each(DEEDS)('%s by another hand is told when the trial begins', (_, sentence, deed) => {
    const run = early(phase);
    deed(run);
    expect(toldBy(run)).toMatch(sentence);
    expect(run.phase).toMatchObject({ kind: 'held', why: 'drift' });
    expect(run.tick().kind).toBe('wait');
  });

  it('what PM2 does by itself is not told, then or later', () => {
    const run = early(phase);
    run.restart('main', false);
    run.tick();
    run.restart('main', true);
    run.memoryRestarts.add(0);
    run.tick();
    run.memoryRestarts.clear();
    ready(run).to('observing');
    expect(looked(run).phase.kind).toBe('observing');
  });

  it('with drift: ignore it is noted, once', () => {
    const run = early(phase, { drift: 'ignore' });
    run.restart('main', true);
    expect(toldBy(run)).toMatch(/^main was restarted .*; configured to be ignored$/);
    expect(looked(run).phase.kind).toBe('observing');
  });

  it('all of it is told: main was restarted, and the canary edited', () => {
    const run = early(phase);
    run.restart('main', true);
    run.restart('canary', true);
    run.edited = { canary: { FLAG: 'on' } };
    expect(toldBy(run)).toMatch(/^main was restarted/);
    expect(moved(run)).toMatch(/^canary was restarted .*; env FLAG changed$/);
    expect(run.phase.kind).toBe('rolling-back');
  });

  it.each(['main', 'canary'] as const)(
    'an edit of %s takes back what was to be promoted',
    (app) => {
      const run = early(phase);
      run.edited = { [app]: { FLAG: 'on' } };
      run.ask('promote');
      ready(run).to('promoting').toEnd();
      expect(run.phase).toMatchObject({
        kind: 'rolled-back',
        cause: `${app} was edited by another hand: env FLAG changed`,
      });
      expect(run.events.map(({ text }) => text)).not.toContain('respec-main');
    },
  );
});

describe('a canary that is deleted while it starts', () => {
  it('is made anew, and that is no drift', () => {
    const run = early('starting');
    run.canaryListed = false;
    run.canary = null;
    run.canaryId = 'another';
    expect(run.tick().kind).toBe('act');
    ready(run).to('observing');
    expect(looked(run).phase.kind).toBe('observing');
  });
});

describe('main edited while it is left for its restart', () => {
  function leaving(config: Partial<ServiceConfig> = {}): Simulation {
    const run = watched(config);
    run.stuck.stable = 1;
    return run.to('promoting');
  }

  it('gets the traffic back: a promotion would undo the edit', () => {
    const run = leaving();
    run.edited = { main: { PORT: '1' } };
    run.toEnd();
    expect(run.phase).toMatchObject({
      kind: 'rolled-back',
      cause: 'main was edited by another hand: env PORT changed',
    });
    expect(run.events.map(({ text }) => text)).not.toContain('respec-main');
  });

  it('is promoted with drift: ignore, and that is noted', () => {
    const run = leaving({ drift: 'ignore' });
    run.tick();
    const { phase } = run;
    run.edited = { main: { PORT: '1' } };
    expect(moved(run)).toMatch(/^main was edited .*; configured to be ignored$/);
    expect(run.phase).toEqual(phase);
    run.edited = {};
    run.stuck.stable = 0;
    expect(run.toEnd().phase.kind).toBe('promoted');
  });

  it('is promoted when a person promotes what was held for that edit', () => {
    const run = watched();
    run.restart('main', true);
    run.edited = { main: { PORT: '1' } };
    run.to('held').ask('promote');
    run.to('promoting/restarting-main');
    run.edited = {};
    expect(run.toEnd().phase.kind).toBe('promoted');
  });
});

describe('while another drift lasts', () => {
  it('an edit of main is kept in mind, and told after it', () => {
    const run = watched();
    run.mainCount = 2;
    expect(moved(run)).toContain('main was scaled');
    run.edited = { main: { PORT: '1' } };
    looked(run);
    run.mainCount = 1;
    expect(moved(run)).toBe('main was edited by another hand: env PORT changed');
  });
});

describe('a restart for memory', () => {
  it('is none by another hand either when the look that sees it moves on', () => {
    const run = new Simulation({
      steps: [
        { weight: 0.1, windowMs: HOUR_MS, gate: 'auto' },
        { weight: 0.5, windowMs: HOUR_MS, gate: 'auto' },
      ],
    });
    looked(run.to('observing'));
    run.nowMs = 2 * HOUR_MS;
    run.restart('main', true);
    run.memoryRestarts.add(0);
    expect(moved(run)).toBe('step 1 is over');
    run.memoryRestarts.clear();
    expect(looked(run).phase).toMatchObject({ kind: 'observing', step: 1 });
  });
});

describe('a new PM2 daemon', () => {
  it('that brings back another main is told as an edit, not as a restart', () => {
    const run = watched();
    run.daemonStartedAtMs = 2;
    run.mainId = 'another';
    run.restart('main', true);
    run.edited = { main: { PORT: '1' } };
    expect(moved(run)).toBe('main was edited by another hand: env PORT changed');
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
    return looked(new Simulation(config).to('baking'));
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
