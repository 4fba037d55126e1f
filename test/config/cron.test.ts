import { describe, expect, test } from 'vitest';
import { parseCron, timeAfter, timeUpTo } from '../../config/cron.js';

const at = (text: string): number => Date.parse(text);

/** The next times, as ISO text to the minute. */
function times(cron: string, timeZone: string, from: string, count: number): string[] {
  const found: string[] = [];
  let last: number | null = at(from);
  for (let n = 0; n < count; n += 1) {
    last = timeAfter({ cron, timeZone }, last ?? 0);
    if (last !== null) found.push(new Date(last).toISOString().slice(0, 16));
  }
  return found;
}

describe('a time of day', () => {
  test('that is left out in Berlin comes at the end of the gap, once', () => {
    expect(times('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-29T01:00',
      '2026-03-30T00:30',
    ]);
  });

  test('that is left out in New York comes at the end of the gap, once', () => {
    expect(times('30 2 * * *', 'America/New_York', '2026-03-07T12:00:00Z', 2)).toEqual([
      '2026-03-08T07:00',
      '2026-03-09T06:30',
    ]);
  });

  test.each([
    ['Europe/Berlin', '30 2 * * *', '2026-10-24T12:00:00Z', '2026-10-25T00:30', '2026-10-26T01:30'],
    [
      'America/New_York',
      '30 1 * * *',
      '2026-10-31T12:00:00Z',
      '2026-11-01T05:30',
      '2026-11-02T06:30',
    ],
  ])('that comes twice in %s counts once', (zone, cron, from, first, second) => {
    expect(times(cron, zone, from, 2)).toEqual([first, second]);
  });

  test('on a leap day comes every four years', () => {
    expect(times('0 22 29 2 *', 'UTC', '2026-01-01T00:00:00Z', 2)).toEqual([
      '2028-02-29T22:00',
      '2032-02-29T22:00',
    ]);
  });
});

test('an interval goes on through the hour that comes twice', () => {
  expect(times('*/30 * * * *', 'Europe/Berlin', '2026-10-25T00:00:00Z', 4)).toEqual([
    '2026-10-25T00:30',
    '2026-10-25T01:00',
    '2026-10-25T01:30',
    '2026-10-25T02:00',
  ]);
});

test('the last time up to an instant is that instant, if it is one', () => {
  const daily = { cron: '0 22 * * *', timeZone: 'UTC' };
  const time = at('2026-11-22T22:00:00Z');
  expect(timeUpTo(daily, time)).toBe(time);
  expect(timeUpTo(daily, time - 1)).toBe(time - 86_400_000);
  expect(timeAfter(daily, time)).toBe(time + 86_400_000);
  expect(timeAfter(daily, time - 1)).toBe(time);
});

test('a time that never comes has neither', () => {
  const never = { cron: '0 22 31 2 *', timeZone: 'UTC' };
  expect(timeAfter(never, 0)).toBeNull();
  expect(timeUpTo(never, at('2026-11-22T22:00:00Z'))).toBeNull();
});

test.each(['nightly', '* * * *', '0 0 22 * * * 2027'])('%j has not five or six parts', (value) => {
  expect(parseCron(value)).toMatchObject({
    wanted: expect.stringMatching(/\(five parts, or six with seconds in front\)$/),
  });
});

test.each(['61 * * * *', 'nightly', '* * * *', '', '0 22 * * 8', '0 0 22 * * * 2027', 22])(
  '%j is no cron expression',
  (value) => {
    const parsed = parseCron(value);
    expect(parsed.ok ? '' : parsed.wanted).toMatch(/^a cron expression, such as /);
  },
);
