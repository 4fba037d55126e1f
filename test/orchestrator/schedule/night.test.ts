/** Whole nights on a clock that is moved: what the schedule, the group and the window make of them. */
import { afterEach, describe, expect, it } from 'vitest';
import type { ServiceConfig } from '../../../config/types.js';
import { configWith } from '../../support/schedules.js';
import { failing } from '../rollout/simulation.js';
import { World } from './world.js';

const MINUTE_MS = 60_000;

function stepOf(minutes: number): ServiceConfig['steps'] {
  return [{ weight: 0.1, windowMs: minutes * MINUTE_MS, gate: 'auto' }];
}

/** Three minutes of canary and one of baking a service: three servers take 12 of the 20 minutes. */
const quick: Partial<ServiceConfig> = {
  steps: stepOf(3),
  bakeMs: MINUTE_MS,
};
const slow: Partial<ServiceConfig> = {
  ...quick,
  steps: stepOf(15),
};

let world: World;
afterEach(() => world.dispose());

/** A minute before the window of Monday in Berlin, which is from 21:00 to 21:20 UTC. */
function open(keys = '', group = '', service = quick): World {
  world = new World(
    configWith(`groups: {all: {services: [a, b, c], ${group}}}
schedules:
  nightly:
    group: all
    cron: 0 22 * * *
    timeZone: Europe/Berlin
    windows: [Mon-Fri 22:00-22:20]
    freezes: [2026-11-24]
    ${keys}
`),
    '2026-11-23T20:59:00Z',
    service,
  );
  return world;
}

describe('a nightly upgrade of three servers in one window of 20 minutes', () => {
  it('takes one after the other and ends before the window does', async () => {
    open();
    await world.clock.to('2026-11-23T20:59:59Z');
    expect(() => world.run()).toThrow('no run yet');
    await world.clock.to('2026-11-23T21:01:00Z');
    expect(world.states()).toEqual(['a observing', 'b pending', 'c pending']);
    await world.clock.to('2026-11-23T21:20:00Z');
    expect(world.states()).toEqual(['a promoted', 'b promoted', 'c promoted']);
    const { title, startedAtMs, endedAtMs, members } = world.run();
    expect(title).toBe('schedule nightly');
    expect(world.store.byId('b-1')!.startedBy).toBe('run-1 (schedule nightly)');
    expect(startedAtMs).toBe(Date.parse('2026-11-23T21:00:00Z'));
    expect(endedAtMs! - startedAtMs).toBeLessThan(14 * MINUTE_MS);
    expect(members.map(({ rollout }) => rollout)).toEqual(['a-1', 'b-1', 'c-1']);
    for (const { tookMs, reason, calls } of members) {
      expect(tookMs).toBeGreaterThanOrEqual(4 * MINUTE_MS);
      expect(reason).not.toBeNull();
      expect(calls).toBe(0);
    }
  });

  it('runs on no day that is frozen or has no window, and says which it held', async () => {
    open();
    for (const [day, until] of [
      ['23', '21:14'],
      ['24', '21:01'],
      ['25', '21:01'],
    ]) {
      world.clock.set(`2026-11-${day}T20:59:30Z`);
      await world.clock.to(`2026-11-${day}T${until}:00Z`);
    }
    world.clock.set('2026-11-28T20:59:30Z');
    await world.clock.to('2026-11-28T21:00:10Z');
    const history = world.scheduler.history('nightly', 20);
    expect(
      history.ok &&
        history.value.entries.map(({ outcome, reason, slotMs }) => [
          new Date(slotMs).toISOString().slice(0, 10),
          outcome,
          reason,
        ]),
    ).toEqual([
      ['2026-11-27', 'missed', 'nothing ran then to begin it, or the clock was set'],
      ['2026-11-25', 'started', 'in time'],
      ['2026-11-24', 'held', 'frozen (2026-11-24)'],
      ['2026-11-23', 'started', 'in time'],
    ]);
  });

  it('takes two at a time when that is wanted', async () => {
    open('', 'parallel: 2');
    await world.clock.to('2026-11-23T21:01:00Z');
    expect(world.states()).toEqual(['a observing', 'b observing', 'c pending']);
    await world.clock.to('2026-11-23T21:06:00Z');
    expect(world.states()).toEqual(['a promoted', 'b promoted', 'c observing']);
  });

  it('stops at the first rollback', async () => {
    open();
    world.prepare.set('b', (simulation) => (simulation.assessment = failing));
    await world.clock.to('2026-11-23T21:14:00Z');
    expect(world.states()).toEqual(['a promoted', 'b rolled-back', 'c not-started']);
    expect(world.member('b').reason).toContain('errors 30 % > 25 %');
    expect(world.member('c').reason).toBe('b was rolled back');
    expect(world.run().endedAtMs).not.toBeNull();
  });

  it('goes on after a rollback when that is wanted', async () => {
    open('', 'onRollback: continue');
    world.prepare.set('a', (simulation) => (simulation.assessment = failing));
    await world.clock.to('2026-11-23T21:14:00Z');
    expect(world.states()).toEqual(['a rolled-back', 'b promoted', 'c promoted']);
  });

  it('leaves alone what runs the release already', async () => {
    open('onlyIfChanged: true');
    world.unchanged.add('a').add('c');
    await world.clock.to('2026-11-23T21:06:00Z');
    expect(world.states()).toEqual(['a unchanged', 'b promoted', 'c unchanged']);
    expect(world.member('a')).toMatchObject({
      rollout: null,
      reason: 'main runs that release already',
    });
  });
});

describe('a window that closes in mid-run', () => {
  it.each([
    ['finish', 'a observing', 'a promoted'],
    ['pause', 'a held', 'a held'],
    ['rollback', 'a rolled-back', 'a rolled-back'],
  ])('with %s', async (what, soon, later) => {
    open(`onWindowEnd: ${what}`, '', {
      ...slow,
      steps: stepOf(30),
    });
    await world.clock.to('2026-11-23T21:20:10Z');
    expect(world.states()).toEqual([soon, 'b not-started', 'c not-started']);
    await world.clock.to('2026-11-23T21:45:00Z');
    expect(world.states()[0]).toBe(later);
    expect(world.member('b').reason).toMatch(/the window ended|a was rolled back/);
  });

  it('leaves a release that main already has where it is', async () => {
    open('onWindowEnd: rollback', '', { ...slow, bakeMs: 10 * MINUTE_MS });
    await world.clock.to('2026-11-23T21:20:10Z');
    expect(world.states()[0]).toBe('a baking');
    await world.clock.to('2026-11-23T21:30:00Z');
    expect(world.states()[0]).toBe('a promoted');
  });

  it('goes on where a person resumes what it paused', async () => {
    open('onWindowEnd: pause', '', { ...slow, steps: stepOf(30) });
    await world.clock.to('2026-11-23T21:30:00Z');
    world.rollouts.get('a')!.ask('resume');
    await world.clock.to('2026-11-23T21:45:00Z');
    expect(world.states()[0]).toBe('a promoted');
    expect(world.run().endedAtMs).not.toBeNull();
  });
});

describe('a service that is held for a person', () => {
  it('keeps the others waiting, until the window ends', async () => {
    open('', '', { ...quick, promote: 'manual' });
    await world.clock.to('2026-11-23T21:10:00Z');
    expect(world.states()).toEqual(['a held', 'b pending', 'c pending']);
    world.rollouts.get('a')!.ask('promote');
    await world.clock.to('2026-11-23T21:16:00Z');
    expect(world.states()).toEqual(['a promoted', 'b held', 'c pending']);
    await world.clock.to('2026-11-23T21:20:10Z');
    expect(world.states()[2]).toBe('c not-started');
  });

  it('does not keep them waiting where they go on whatever becomes of it', async () => {
    open('', 'onRollback: continue', { ...quick, promote: 'manual' });
    await world.clock.to('2026-11-23T21:15:00Z');
    expect(world.states()).toEqual(['a held', 'b held', 'c held']);
  });

  it('has its next night left out', async () => {
    open('', '', { ...quick, promote: 'manual' });
    await world.clock.to('2026-11-23T21:21:00Z');
    world.clock.set('2026-11-25T20:59:30Z');
    await world.clock.to('2026-11-25T21:00:10Z');
    const history = world.scheduler.history('nightly', 1);
    expect(history.ok && history.value.entries[0]).toMatchObject({
      outcome: 'skipped',
      reason: 'a-1 is under way (held)',
    });
  });
});

describe('an orchestrator that is killed', () => {
  it('in mid-run goes on with the run, and starts nothing twice', async () => {
    open();
    for (const at of ['21:01', '21:05', '21:07', '21:11']) {
      await world.clock.to(`2026-11-23T${at}:00Z`);
      await world.kill();
      world.restart();
    }
    await world.clock.to('2026-11-23T21:20:00Z');
    expect(world.states()).toEqual(['a promoted', 'b promoted', 'c promoted']);
    expect(world.run()).toMatchObject({ id: 'run-1' });
    expect(world.store.nextNumber('a')).toBe(2);
  });

  it('and comes back too late says what it missed', async () => {
    open();
    await world.clock.advance(1_000);
    await world.kill();
    await world.clock.to('2026-11-23T21:10:00Z');
    world.restart();
    await world.clock.to('2026-11-23T21:11:00Z');
    const history = world.scheduler.history('nightly', 1);
    expect(history.ok && history.value.entries[0]).toMatchObject({ outcome: 'missed' });
  });

  it('and comes back in the grace makes up for it', async () => {
    open('catchUp: 15m');
    await world.clock.advance(1_000);
    await world.kill();
    await world.clock.to('2026-11-23T21:05:00Z');
    world.restart();
    await world.clock.to('2026-11-23T21:05:10Z');
    expect(world.states()[0]).toBe('a observing');
  });
});

describe('a person', () => {
  it('starts a run by hand outside the windows, and in a freeze only by force', async () => {
    open();
    world.clock.set('2026-11-24T10:00:00Z');
    expect(world.scheduler.runNow('nightly', false)).toMatchObject({
      ok: false,
      code: 'refused',
      message: 'nightly is frozen (2026-11-24): --force starts it all the same',
    });
    expect(world.scheduler.runNow('nightly', true)).toMatchObject({ ok: true });
    expect(world.scheduler.runNow('nightly', true)).toMatchObject({
      ok: false,
      message: 'a-1 is under way (starting)',
    });
    await world.clock.to('2026-11-24T10:16:00Z');
    expect(world.states()).toEqual(['a promoted', 'b promoted', 'c promoted']);
  });

  it('cancels a run, and what is under way goes on', async () => {
    open();
    await world.clock.to('2026-11-23T21:01:00Z');
    world.runs.cancel('run-1', 'on call');
    await world.clock.to('2026-11-23T21:10:00Z');
    expect(world.states()).toEqual(['a promoted', 'b not-started', 'c not-started']);
    expect(world.member('b').reason).toBe('a person cancelled the run: on call');
    expect(world.runs.cancel('run-1', null)).toMatchObject({ ok: false, message: 'run-1 is over' });
    expect(world.runs.cancel('run-9', null)).toMatchObject({ ok: false, code: 'usage' });
  });
});
