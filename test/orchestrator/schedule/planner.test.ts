import { describe, expect, it } from 'vitest';
import type { ScheduleConfig } from '../../../config/schedules.js';
import {
  planSchedule,
  upcoming,
  type Past,
  type Planned,
  type Surroundings,
} from '../../../orchestrator/schedule/planner.js';
import type { SlotOutcome } from '../../../orchestrator/store/schedule-store.js';
import { nightly } from '../../support/schedules.js';

const MINUTE_MS = 60_000;
const STEP_MS = 10 * MINUTE_MS;
const HOUR_MS = 60 * MINUTE_MS;
const at = (text: string): number => Date.parse(text);
const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 16);

const free = { busy: () => null, seed: 'here' };
const busy = { busy: () => 'a-7 is under way (observing)', seed: 'here' };

/** A scheduler without a disk: it carries out what is planned, as the real one does. */
class Memory {
  past: Past & { outcomes: Map<number, SlotOutcome> };

  constructor(from: string) {
    this.past = { cursorMs: at(from), outcomes: new Map() };
  }

  look(schedule: ScheduleConfig, now: string, around: Surroundings = free): Planned {
    const planned = planSchedule(schedule, this.past, at(now), around);
    if (planned.kind === 'wait') return planned;
    if (planned.kind === 'set-back') {
      this.past = { ...this.past, cursorMs: at(now) };
      return planned;
    }
    const outcome = { close: null, queue: 'queued', run: 'started' } as const;
    const kept = planned.kind === 'close' ? planned.outcome : outcome[planned.kind];
    if (planned.kind !== 'close' || planned.keep) this.past.outcomes.set(planned.slotMs, kept);
    this.past = { ...this.past, cursorMs: planned.slotMs };
    return planned;
  }

  /** The times at which runs began while the clock went from one time to another. */
  runs(schedule: ScheduleConfig, from: string, to: string): string[] {
    const begun: string[] = [];
    for (let now = at(from); now <= at(to); now += STEP_MS) {
      if (this.look(schedule, new Date(now).toISOString()).kind === 'run') begun.push(iso(now));
    }
    return begun;
  }
}

describe('a schedule', () => {
  const daily = nightly('0 22 * * *', 'UTC');

  it('waits for its time, runs once, and waits for the next', () => {
    const memory = new Memory('2026-11-22T12:00:00Z');
    expect(memory.look(daily, '2026-11-22T21:59:59.999Z')).toEqual({
      kind: 'wait',
      untilMs: at('2026-11-22T22:00:00Z'),
    });
    expect(memory.look(daily, '2026-11-22T22:00:00Z')).toEqual({
      kind: 'run',
      slotMs: at('2026-11-22T22:00:00Z'),
      reason: 'in time',
      windowEndsAtMs: null,
    });
    expect(memory.look(daily, '2026-11-22T22:00:01Z')).toMatchObject({ kind: 'wait' });
    expect(memory.look(daily, '2026-11-23T22:00:30Z')).toMatchObject({ kind: 'run' });
  });

  it('tells its run when the window closes', () => {
    const windowed = nightly('0 22 * * *', 'Europe/Berlin', 'windows: ["22:00-22:20"]');
    const memory = new Memory('2026-11-22T12:00:00Z');
    expect(memory.look(windowed, '2026-11-22T21:00:00Z')).toMatchObject({
      kind: 'run',
      windowEndsAtMs: at('2026-11-22T21:20:00Z'),
    });
  });

  it('outside its windows is passed over without a word, in a freeze with one', () => {
    const windowed = nightly(
      '0 22 * * *',
      'UTC',
      'windows: [Mon-Fri 22:00-22:20], freezes: ["2026-12-24..2026-12-27"]',
    );
    const memory = new Memory('2026-11-22T12:00:00Z');
    expect(memory.look(windowed, '2026-11-22T22:00:00Z')).toMatchObject({
      kind: 'close',
      outcome: 'held',
      reason: 'outside the windows (Mon-Fri 22:00-22:20)',
      keep: false,
    });
    expect(memory.look(windowed, '2026-12-24T22:00:00Z')).toMatchObject({
      kind: 'close',
      outcome: 'held',
      reason: 'frozen (2026-12-24..2026-12-27)',
      keep: true,
    });
  });
});

describe('a run that was missed', () => {
  const none = nightly('0 22 * * *', 'UTC');
  const caught = nightly('0 22 * * *', 'UTC', 'catchUp: 2h, windows: ["22:00-23:30"]');

  it('by less than a minute is in time', () => {
    const memory = new Memory('2026-11-22T12:00:00Z');
    expect(memory.look(none, '2026-11-22T22:01:00Z')).toMatchObject({ kind: 'run' });
  });

  it('is left out, and said to be', () => {
    const memory = new Memory('2026-11-22T12:00:00Z');
    expect(memory.look(none, '2026-11-22T22:01:01Z')).toMatchObject({
      kind: 'close',
      outcome: 'missed',
      slotMs: at('2026-11-22T22:00:00Z'),
    });
  });

  it('is made up for within its grace', () => {
    const memory = new Memory('2026-11-22T12:00:00Z');
    expect(memory.look(caught, '2026-11-22T23:00:00Z')).toMatchObject({
      kind: 'run',
      reason: 'made up for',
      windowEndsAtMs: at('2026-11-22T23:30:00Z'),
    });
  });

  it('is not made up for when the window has closed', () => {
    const memory = new Memory('2026-11-22T12:00:00Z');
    expect(memory.look(caught, '2026-11-22T23:30:00Z')).toMatchObject({
      kind: 'close',
      outcome: 'missed',
      reason: 'too late to begin it: outside the windows (22:00-23:30)',
    });
  });
});

describe('a clock that is set', () => {
  const daily = nightly('0 22 * * *', 'UTC', 'catchUp: 7d');

  it('forward over several times gives one run', () => {
    const memory = new Memory('2026-11-22T12:00:00Z');
    expect(memory.look(daily, '2026-11-26T12:00:00Z')).toMatchObject({
      kind: 'run',
      slotMs: at('2026-11-25T22:00:00Z'),
    });
    expect(memory.look(daily, '2026-11-26T12:00:01Z')).toMatchObject({ kind: 'wait' });
  });

  it('back never takes a time twice', () => {
    const memory = new Memory('2026-11-22T12:00:00Z');
    expect(memory.runs(daily, '2026-11-22T21:50:00Z', '2026-11-22T22:10:00Z')).toHaveLength(1);
    expect(memory.runs(daily, '2026-11-22T21:00:00Z', '2026-11-23T21:59:00Z')).toEqual([]);
    expect(memory.look(daily, '2026-11-23T22:00:00Z')).toMatchObject({ kind: 'run' });
  });

  it('far forward and back again goes on with the present', () => {
    const memory = new Memory('2026-11-22T12:00:00Z');
    expect(memory.look(daily, '2031-01-01T00:00:00Z')).toMatchObject({ kind: 'run' });
    expect(memory.look(daily, '2026-11-22T21:00:00Z')).toEqual({ kind: 'set-back' });
    expect(memory.look(daily, '2026-11-22T22:00:00Z')).toMatchObject({ kind: 'run' });
    expect(memory.look(daily, '2026-11-22T23:00:00Z')).toMatchObject({ kind: 'wait' });
  });
});

describe('a change of the clocks', () => {
  it.each([
    [
      'Europe/Berlin',
      '2026-03-28T00:00:00Z',
      '2026-03-31T00:00:00Z',
      ['2026-03-28T01:30', '2026-03-29T01:00', '2026-03-30T00:30'],
    ],
    [
      'Europe/Berlin',
      '2026-10-24T00:00:00Z',
      '2026-10-27T00:00:00Z',
      ['2026-10-24T00:30', '2026-10-25T00:30', '2026-10-26T01:30'],
    ],
    [
      'America/New_York',
      '2026-03-07T00:00:00Z',
      '2026-03-10T00:00:00Z',
      ['2026-03-07T07:30', '2026-03-08T07:00', '2026-03-09T06:30'],
    ],
  ])('in %s from %s gives one run a day', (zone, from, to, begun) => {
    const memory = new Memory(from);
    expect(memory.runs(nightly('30 2 * * *', zone), from, to)).toEqual(begun);
  });

  it('that repeats an hour in New York does not repeat its run', () => {
    const memory = new Memory('2026-10-31T12:00:00Z');
    const runs = memory.runs(
      nightly('30 1 * * *', 'America/New_York', 'windows: ["01:00-02:00"]'),
      '2026-10-31T12:00:00Z',
      '2026-11-02T12:00:00Z',
    );
    expect(runs).toEqual(['2026-11-01T05:30', '2026-11-02T06:30']);
  });
});

describe('a service that is not free', () => {
  const skips = nightly('0 22 * * *', 'UTC');
  const queues = nightly('0 22 * * *', 'UTC', 'overlap: queue, windows: ["22:00-23:00"]');

  it('has its time left out', () => {
    const memory = new Memory('2026-11-22T12:00:00Z');
    expect(memory.look(skips, '2026-11-22T22:00:00Z', busy)).toMatchObject({
      kind: 'close',
      outcome: 'skipped',
      reason: 'a-7 is under way (observing)',
    });
    expect(memory.look(skips, '2026-11-22T22:00:05Z')).toMatchObject({ kind: 'wait' });
  });

  it('is waited for as long as the window is open', () => {
    const memory = new Memory('2026-11-22T12:00:00Z');
    expect(memory.look(queues, '2026-11-22T22:00:00Z', busy)).toMatchObject({ kind: 'queue' });
    expect(memory.look(queues, '2026-11-22T22:30:00Z', busy)).toMatchObject({ kind: 'wait' });
    expect(memory.look(queues, '2026-11-22T22:59:00Z')).toMatchObject({
      kind: 'run',
      slotMs: at('2026-11-22T22:00:00Z'),
      windowEndsAtMs: at('2026-11-22T23:00:00Z'),
    });
  });

  it('that is not free in time is left out when the window closes', () => {
    const memory = new Memory('2026-11-22T12:00:00Z');
    memory.look(queues, '2026-11-22T22:00:00Z', busy);
    expect(memory.look(queues, '2026-11-22T23:00:00Z')).toMatchObject({
      kind: 'close',
      outcome: 'skipped',
      reason: 'it waited until now, outside the windows (22:00-23:00)',
    });
    expect(memory.look(queues, '2026-11-22T23:00:01Z')).toMatchObject({ kind: 'wait' });
  });

  it('is waited for by one time only', () => {
    const hourly = nightly('0 * * * *', 'UTC', 'overlap: queue');
    const memory = new Memory('2026-11-22T12:30:00Z');
    memory.look(hourly, '2026-11-22T13:00:00Z', busy);
    expect(memory.look(hourly, '2026-11-22T14:00:00Z', busy)).toMatchObject({
      kind: 'close',
      slotMs: at('2026-11-22T13:00:00Z'),
    });
    expect(memory.look(hourly, '2026-11-22T14:00:01Z', busy)).toMatchObject({
      kind: 'queue',
      slotMs: at('2026-11-22T14:00:00Z'),
    });
  });
});

describe('jitter', () => {
  const spread = nightly('0 22 * * *', 'UTC', 'jitter: 1h');
  const times = (schedule: ScheduleConfig, seed: string): number[] =>
    upcoming(schedule, { cursorMs: 0, outcomes: new Map() }, 0, 50, seed).map(
      ({ atMs, slotMs }) => atMs - slotMs,
    );

  it('is the same each time it is asked for, and another for another machine', () => {
    expect(times(spread, 'here')).toEqual(times(spread, 'here'));
    expect(times(spread, 'here')).not.toEqual(times(spread, 'there'));
  });

  it('goes over the whole of its range', () => {
    const found = times(spread, 'here');
    expect(Math.min(...found)).toBeLessThan(0.2 * HOUR_MS);
    expect(Math.max(...found)).toBeGreaterThan(0.8 * HOUR_MS);
    expect(Math.max(...found)).toBeLessThan(HOUR_MS);
  });

  it('stays in the window and before the next time', () => {
    const short = nightly('0 22 * * *', 'UTC', 'jitter: 1h, windows: ["22:00-22:05"]');
    expect(Math.max(...times(short, 'here'))).toBeLessThan(5 * MINUTE_MS);
    const often = nightly('*/2 * * * *', 'UTC', 'jitter: 1h');
    expect(Math.max(...times(often, 'here'))).toBeLessThan(2 * MINUTE_MS);
  });

  it('is what the run waits for', () => {
    const memory = new Memory('2026-11-22T12:00:00Z');
    const [next] = upcoming(spread, memory.past, at('2026-11-22T21:00:00Z'), 1, 'here');
    expect(memory.look(spread, '2026-11-22T22:00:00Z')).toEqual({
      kind: 'wait',
      untilMs: next!.atMs,
    });
    const [still] = upcoming(spread, memory.past, at('2026-11-22T22:00:00Z'), 1, 'here');
    expect(still).toEqual(next);
    expect(memory.look(spread, new Date(next!.atMs).toISOString())).toMatchObject({ kind: 'run' });
  });
});

describe('what comes', () => {
  const nothing: Past = { cursorMs: 0, outcomes: new Map() };
  const coming = (schedule: ScheduleConfig, from: string, count = 4): string[] =>
    upcoming(schedule, nothing, at(from), count, 'here').map(
      ({ atMs, held }) => `${iso(atMs)}${held === null ? '' : ` ${held}`}`,
    );

  it('is shown with why a time is held, once for all that follow it', () => {
    const schedule = nightly(
      '0 22 * * *',
      'Europe/Berlin',
      'windows: [Mon-Fri 22:00-22:20], freezes: ["2026-11-25"]',
    );
    expect(coming(schedule, '2026-11-20T22:00:00Z', 5)).toEqual([
      '2026-11-21T21:00 outside the windows (Mon-Fri 22:00-22:20)',
      '2026-11-23T21:00',
      '2026-11-24T21:00',
      '2026-11-25T21:00 frozen (2026-11-25)',
      '2026-11-26T21:00',
    ]);
  });

  it('leaves out a time that was dealt with before the clock went back', () => {
    const schedule = nightly('0 22 * * *', 'UTC');
    const outcomes = new Map([[at('2026-11-22T22:00:00Z'), 'started' as const]]);
    const [next] = upcoming(schedule, { cursorMs: 0, outcomes }, at('2026-11-22T21:00:00Z'), 1, '');
    expect(next?.slotMs).toBe(at('2026-11-23T22:00:00Z'));
  });

  it('on a leap day is far away', () => {
    expect(coming(nightly('0 22 29 2 *', 'UTC'), '2026-11-22T22:00:00Z', 2)).toEqual([
      '2028-02-29T22:00',
      '2032-02-29T22:00',
    ]);
  });
});
