/**
 * When a schedule may run, in a time zone: windows and freezes as people write them, and what they
 * mean at an instant (pure).
 *
 * 1. A local time that comes twice (clocks go back) means the first of the two.
 * 2. A local time that is left out (clocks go forward) means the first instant after the gap.
 *    A window that lies in the gap as a whole therefore does not open on that day.
 */
import { refused, type Parsed } from './units.js';

/** A span of each of some weekdays. One that ends at or before its start ends on the next day. */
export interface WeeklySpan {
  readonly kind: 'weekly';
  /** As written. */
  readonly text: string;
  /** 0 is Sunday. */
  readonly weekdays: readonly number[];
  /** Minutes after midnight, local time; the end is exclusive and at most 1440. */
  readonly fromMinute: number;
  readonly toMinute: number;
}

/** Whole days, both ends included. */
export interface DateSpan {
  readonly kind: 'dates';
  readonly text: string;
  /** `2026-12-20` */
  readonly from: string;
  readonly to: string;
}

export type Freeze = WeeklySpan | DateSpan;

export interface Calendar {
  /** IANA name, such as Europe/Berlin. */
  readonly timeZone: string;
  /** Open only in these; empty means at all times. */
  readonly windows: readonly WeeklySpan[];
  /** Closed in these, whatever the windows say. */
  readonly freezes: readonly Freeze[];
}

/** Whether it is open at an instant. All times are Unix milliseconds. */
export type Opening =
  /** Null: it does not close within {@link HORIZON_DAYS} days. */
  | { readonly open: true; readonly closesAtMs: number | null }
  | { readonly open: false; readonly why: 'freeze' | 'window'; readonly reason: string };

const DAY_MS = 86_400_000;
const DAY_MINUTES = 1_440;
/** More than a week: every weekly span comes in it. */
const HORIZON_DAYS = 8;

const MAX_CHANGES = 100;

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const DAY = `(?:${WEEKDAYS.join('|')})`;
const DAYS = `${DAY}(?:-${DAY})?(?:,${DAY}(?:-${DAY})?)*`;
const TIME = '(?:[01]\\d|2[0-3]):[0-5]\\d';
const TIMES = `${TIME}-(?:${TIME}|24:00)`;
const DATE = '\\d\\d\\d\\d-\\d\\d-\\d\\d';

export const WEEKLY_PATTERN = `^(?:${DAYS} ${TIMES}|${DAYS}|${TIMES})$`;
export const FREEZE_PATTERN = `^(?:${DATE}(?:\\.\\.${DATE})?|${DAYS} ${TIMES}|${DAYS}|${TIMES})$`;

/** `Mon-Fri 22:00-22:20`, `Sat,Sun` (whole days), `22:00-02:00` (every day). */
export function parseWeekly(value: unknown): Parsed<WeeklySpan> {
  if (typeof value !== 'string' || !new RegExp(WEEKLY_PATTERN).test(value)) {
    return refused('weekdays and times, such as Mon-Fri 22:00-22:20, Sat,Sun or 22:00-02:00');
  }
  const times = new RegExp(`${TIMES}$`).exec(value)?.[0];
  const days = times === undefined ? value : value.slice(0, -times.length).trim();
  const [from, to] = (times ?? '00:00-24:00').split('-').map(minutes);
  if (from === undefined || to === undefined || from === to) {
    return refused('times that differ, such as 22:00-22:20 (a whole day is 00:00-24:00)');
  }
  const span = { text: value, weekdays: weekdays(days), fromMinute: from, toMinute: to };
  return { ok: true, value: { kind: 'weekly', ...span } };
}

/** A date, a range of dates, or a weekly span. */
export function parseFreeze(value: unknown): Parsed<Freeze> {
  if (typeof value !== 'string' || !new RegExp(FREEZE_PATTERN).test(value)) {
    return refused(
      'a date (2026-12-24), dates (2026-12-20..2027-01-06) or a weekly time (Fri 12:00-24:00)',
    );
  }
  if (!new RegExp(`^${DATE}`).test(value)) return parseWeekly(value);
  const [from = '', to = from] = value.split('..');
  const strange = [from, to].find((date) => !isDate(date));
  if (strange !== undefined) return refused(`dates that exist (${strange} does not)`);
  if (to < from) return refused('dates whose end is not before their start');
  return { ok: true, value: { kind: 'dates', text: value, from, to } };
}

function minutes(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}

/** Every weekday where none is named. `Fri-Mon` goes over the week's end. */
function weekdays(text: string): number[] {
  const all = WEEKDAYS.map((_, day) => day);
  if (text === '') return all;
  return text.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map((name) => WEEKDAYS.indexOf(name));
    const count = ((last - first + 7) % 7) + 1;
    return all.slice(0, count).map((_, index) => (first + index) % 7);
  });
}

function isDate(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

/** True for a zone that this machine knows. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Whether the calendar is open at an instant, until when, or why not. */
export function openingAt(calendar: Calendar, atMs: number): Opening {
  const zone = new Zone(calendar.timeZone);
  const freeze = calendar.freezes.find((each) => holds(zone, each, atMs));
  if (freeze !== undefined) {
    return { open: false, why: 'freeze', reason: `frozen (${freeze.text})` };
  }
  const { windows } = calendar;
  if (windows.length > 0 && !windows.some((each) => holds(zone, each, atMs))) {
    const texts = windows.map(({ text }) => text).join(', ');
    return { open: false, why: 'window', reason: `outside the windows (${texts})` };
  }
  return { open: true, closesAtMs: closingAfter(calendar, zone, atMs) };
}

/** The first instant after `atMs` at which the calendar opens; null when so many changes show none. */
export function nextOpening(calendar: Calendar, atMs: number): number | null {
  const zone = new Zone(calendar.timeZone);
  let at: number | null = atMs;
  for (let changes = 0; changes < MAX_CHANGES && at !== null; changes += 1) {
    at = nextChange(calendar, zone, at);
    if (at !== null && isOpen(calendar, zone, at)) return at;
  }
  return null;
}

function closingAfter(calendar: Calendar, zone: Zone, atMs: number): number | null {
  const endMs = atMs + HORIZON_DAYS * DAY_MS;
  let change = nextChange(calendar, zone, atMs);
  while (change !== null && change <= endMs) {
    if (!isOpen(calendar, zone, change)) return change;
    change = nextChange(calendar, zone, change);
  }
  return null;
}

function isOpen({ windows, freezes }: Calendar, zone: Zone, atMs: number): boolean {
  if (freezes.some((each) => holds(zone, each, atMs))) return false;
  return windows.length === 0 || windows.some((each) => holds(zone, each, atMs));
}

function nextChange({ windows, freezes }: Calendar, zone: Zone, atMs: number): number | null {
  const edges = [...windows, ...freezes].flatMap((span) =>
    intervals(zone, span, atMs).flatMap(({ fromMs, toMs }) => [fromMs, toMs]),
  );
  const later = edges.filter((edge) => edge > atMs);
  return later.length === 0 ? null : Math.min(...later);
}

function holds(zone: Zone, span: Freeze, atMs: number): boolean {
  return intervals(zone, span, atMs, 1).some(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);
}

interface Interval {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The span's occurrences that can touch the days around an instant, from the day before it on. */
function intervals(zone: Zone, span: Freeze, atMs: number, days = HORIZON_DAYS): Interval[] {
  if (span.kind === 'dates') {
    const toMs = zone.instant(midnight(span.to) + DAY_MS, 0);
    return [{ fromMs: zone.instant(midnight(span.from), 0), toMs }];
  }
  const { weekdays: wanted, fromMinute, toMinute } = span;
  const today = Math.floor(zone.local(atMs) / DAY_MS) * DAY_MS;
  const found: Interval[] = [];
  for (let offset = -1; offset <= days; offset += 1) {
    const day = today + offset * DAY_MS;
    if (!wanted.includes(new Date(day).getUTCDay())) continue;
    const lengthDays = toMinute > fromMinute ? 0 : 1;
    const fromMs = zone.instant(day, fromMinute);
    const toMs = zone.instant(day + lengthDays * DAY_MS, toMinute);
    if (fromMs < toMs) found.push({ fromMs, toMs });
  }
  return found;
}

const midnight = (date: string): number => Date.parse(`${date}T00:00:00Z`);

/** Local times are written as the Unix milliseconds that they would be in UTC. */
class Zone {
  /** Null for UTC, where there is nothing to look up. */
  readonly #format: Intl.DateTimeFormat | null;

  constructor(timeZone: string) {
    this.#format = timeZone === 'UTC' ? null : formatIn(timeZone);
  }

  /** The local time of an instant, to the second. */
  local(atMs: number): number {
    if (this.#format === null) return Math.floor(atMs / 1_000) * 1_000;
    const parts = new Map(
      this.#format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]),
    );
    const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
    const date = [part('year'), part('month') - 1, part('day')] as const;
    return Date.UTC(...date, part('hour'), part('minute'), part('second'));
  }

  /** The instant of a day's local time: the first of two, or the end of the gap it is left out by. */
  instant(dayMs: number, minute: number): number {
    const local = dayMs + (minute / DAY_MINUTES) * DAY_MS;
    const [before, after] = [this.#offset(local - DAY_MS), this.#offset(local + DAY_MS)];
    const candidates = [local - before, local - after].sort((a, b) => a - b);
    return candidates.find((at) => this.local(at) === local) ?? this.#change(local, after);
  }

  #offset(atMs: number): number {
    const wholeSecond = Math.floor(atMs / 1_000) * 1_000;
    return this.local(wholeSecond) - wholeSecond;
  }

  /** The instant near a local time from which on the offset is the new one, to the second. */
  #change(local: number, newOffset: number): number {
    let [low, high] = [local - 2 * DAY_MS, local + 2 * DAY_MS];
    while (high - low > 1_000) {
      const middle = Math.floor((low + high) / 2_000) * 1_000;
      if (this.#offset(middle) === newOffset) high = middle;
      else low = middle;
    }
    return high;
  }
}

function formatIn(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
}
