import { describe, expect, test } from 'vitest';
import {
  nextOpening,
  openingAt,
  parseFreeze,
  parseWeekly,
  type Calendar,
  type Freeze,
  type WeeklySpan,
} from '../../config/calendar.js';
import type { Parsed } from '../../config/units.js';

const HOUR_MS = 3_600_000;
const at = (text: string): number => Date.parse(text);

function must<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  throw new Error(parsed.wanted);
}

function calendar(
  timeZone: string,
  windows: readonly string[],
  freezes: readonly string[] = [],
): Calendar {
  return {
    timeZone,
    windows: windows.map((text): WeeklySpan => must(parseWeekly(text))),
    freezes: freezes.map((text): Freeze => must(parseFreeze(text))),
  };
}

/** When it closes, or why it is not open. */
function look(calendar: Calendar, text: string): string | null {
  const opening = openingAt(calendar, at(text));
  if (!opening.open) return opening.reason;
  return opening.closesAtMs === null ? null : new Date(opening.closesAtMs).toISOString();
}

describe('what is written', () => {
  test.each([
    ['Mon-Fri 22:00-22:20', [1, 2, 3, 4, 5], 1320, 1340],
    ['Sat,Sun', [6, 0], 0, 1440],
    ['Fri-Mon 23:00-01:00', [5, 6, 0, 1], 1380, 60],
    ['00:00-24:00', [0, 1, 2, 3, 4, 5, 6], 0, 1440],
    ['Mon,Wed-Thu 08:30-09:00', [1, 3, 4], 510, 540],
  ])('%s is read', (text, weekdays, fromMinute, toMinute) => {
    const span = must(parseWeekly(text));
    expect(span).toEqual({ kind: 'weekly', text, weekdays, fromMinute, toMinute });
  });

  test.each(['', 'Mo 10:00-11:00', 'Mon 25:00-26:00', 'Mon 10:00', 'mon 10:00-11:00', 7, null])(
    '%j is no window',
    (value) => {
      expect(parseWeekly(value)).toMatchObject({
        ok: false,
        wanted: /weekdays and times/ as never,
      });
    },
  );

  test('a window of no length is refused', () => {
    expect(parseWeekly('Mon 10:00-10:00')).toMatchObject({ ok: false });
  });

  test.each([
    ['2026-12-20..2026-12-19', 'dates whose end is not before their start'],
    ['2027-02-29', 'dates that exist (2027-02-29 does not)'],
    ['2026-13-01', 'dates that exist (2026-13-01 does not)'],
    ['christmas', 'a date (2026-12-24)'],
  ])('the freeze %s is refused', (text, wanted) => {
    const parsed = parseFreeze(text);
    expect(parsed.ok ? '' : parsed.wanted).toContain(wanted);
  });

  test('a leap day is a date', () => {
    expect(parseFreeze('2028-02-29')).toMatchObject({ ok: true });
  });
});

describe('a window', () => {
  const nightly = calendar('Europe/Berlin', ['Mon-Fri 22:00-22:20']);

  test.each([
    ['2026-11-23T20:59:59Z', 'outside the windows (Mon-Fri 22:00-22:20)'],
    ['2026-11-23T21:00:00Z', '2026-11-23T21:20:00.000Z'],
    ['2026-11-23T21:19:59.999Z', '2026-11-23T21:20:00.000Z'],
    ['2026-11-23T21:20:00Z', 'outside the windows (Mon-Fri 22:00-22:20)'],
    ['2026-11-22T21:10:00Z', 'outside the windows (Mon-Fri 22:00-22:20)'],
    ['2026-07-06T20:10:00Z', '2026-07-06T20:20:00.000Z'],
  ])('at %s', (when, seen) => {
    expect(look(nightly, when)).toBe(seen);
  });

  test('that goes over midnight belongs to the day it begins on', () => {
    const late = calendar('UTC', ['Fri 23:00-02:00']);
    expect(look(late, '2026-11-28T01:59:00Z')).toBe('2026-11-28T02:00:00.000Z');
    expect(look(late, '2026-11-27T01:59:00Z')).toContain('outside');
  });

  test('closes where the last of those that meet does', () => {
    const meeting = calendar('UTC', ['Mon 22:00-24:00', 'Tue 00:00-01:00', 'Mon 23:00-00:30']);
    expect(look(meeting, '2026-11-23T22:30:00Z')).toBe('2026-11-24T01:00:00.000Z');
  });

  test('that is always open never closes', () => {
    expect(look(calendar('America/New_York', ['00:00-24:00']), '2026-11-01T05:30:00Z')).toBeNull();
    expect(look(calendar('UTC', []), '2026-11-01T05:30:00Z')).toBeNull();
  });

  test('opens next when it is said to', () => {
    expect(nextOpening(nightly, at('2026-11-20T21:10:00Z'))).toBe(at('2026-11-23T21:00:00Z'));
  });
});

describe('a freeze', () => {
  test('of dates holds whole local days, both ends included', () => {
    const frozen = calendar('Europe/Berlin', [], ['2026-12-20..2027-01-06']);
    expect(look(frozen, '2026-12-19T22:59:59Z')).toBe('2026-12-19T23:00:00.000Z');
    expect(look(frozen, '2026-12-19T23:00:00Z')).toBe('frozen (2026-12-20..2027-01-06)');
    expect(look(frozen, '2027-01-06T22:59:59Z')).toContain('frozen');
    expect(look(frozen, '2027-01-06T23:00:00Z')).toBeNull();
  });

  test('comes before a window, and ends it', () => {
    const both = calendar('UTC', ['Fri 10:00-14:00'], ['Fri 12:00-24:00']);
    expect(look(both, '2026-11-27T11:00:00Z')).toBe('2026-11-27T12:00:00.000Z');
    expect(look(both, '2026-11-27T12:00:00Z')).toBe('frozen (Fri 12:00-24:00)');
    expect(look(both, '2026-11-27T15:00:00Z')).toBe('frozen (Fri 12:00-24:00)');
  });

  test('at all times leaves no opening', () => {
    expect(nextOpening(calendar('UTC', [], ['Mon-Sun']), 0)).toBeNull();
  });
});

describe('when clocks go forward', () => {
  const inTheGap = calendar('Europe/Berlin', ['02:15-02:45']);
  const overIt = calendar('Europe/Berlin', ['01:30-02:30']);

  test('a window that is left out does not open on that day, and does on the next', () => {
    expect(nextOpening(inTheGap, at('2026-03-28T12:00:00Z'))).toBe(at('2026-03-30T00:15:00Z'));
    expect(look(inTheGap, '2026-03-29T01:00:00Z')).toContain('outside');
    expect(look(inTheGap, '2026-03-29T01:30:00Z')).toContain('outside');
  });

  test('a window whose end is left out ends with the gap', () => {
    expect(look(overIt, '2026-03-29T00:45:00Z')).toBe('2026-03-29T01:00:00.000Z');
  });

  test('a day has 23 hours in New York', () => {
    const day = calendar('America/New_York', ['Sun']);
    const opensAt = nextOpening(day, at('2026-03-06T00:00:00Z'))!;
    const opening = openingAt(day, opensAt);
    expect(opening.open && opening.closesAtMs! - opensAt).toBe(23 * HOUR_MS);
  });
});

describe('when clocks go back', () => {
  test('a window in the hour that comes twice opens once, the first time', () => {
    const twice = calendar('Europe/Berlin', ['02:15-02:45']);
    expect(look(twice, '2026-10-25T00:20:00Z')).toBe('2026-10-25T00:45:00.000Z');
    expect(look(twice, '2026-10-25T01:20:00Z')).toContain('outside');
    const newYork = calendar('America/New_York', ['01:15-01:45']);
    expect(look(newYork, '2026-11-01T05:20:00Z')).toBe('2026-11-01T05:45:00.000Z');
    expect(look(newYork, '2026-11-01T06:20:00Z')).toContain('outside');
  });

  test('a window over the whole of it is an hour longer', () => {
    const opening = look(calendar('Europe/Berlin', ['01:00-04:00']), '2026-10-24T23:00:00Z');
    expect(opening).toBe('2026-10-25T03:00:00.000Z');
  });
});
