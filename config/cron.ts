/**
 * The times that a cron expression names in a time zone, by croner. A time of day that is left out
 * when clocks go forward comes at the end of the gap; one that comes twice when they go back
 * counts once. Expressions such as every 30 minutes go on through both.
 */
import { Cron } from 'croner';
import { refused, type Parsed } from './units.js';

export interface CronTimes {
  /** Five parts, six with seconds in front, or a nickname such as `@daily`. */
  readonly cron: string;
  /** IANA name. */
  readonly timeZone: string;
}

/** The expression itself, or what is wrong with it. */
export function parseCron(value: unknown): Parsed<string> {
  const wanted = 'a cron expression, such as "0 22 * * Mon-Fri"';
  if (typeof value !== 'string') return refused(wanted);
  try {
    open({ cron: value, timeZone: 'UTC' });
    return { ok: true, value };
  } catch (error) {
    return refused(`${wanted} (${whyNot(error)})`);
  }
}

/** In croner's words, but for the number of parts: it would take seven. */
function whyNot(error: unknown): string {
  const why = error instanceof Error ? error.message : 'no cron';
  return /^CronPattern: (?:invalid configuration format|mode )/.test(why)
    ? 'five parts, or six with seconds in front'
    : why.replace(/^CronPattern: /, '').slice(0, 120);
}

/** The first time after an instant; null when there is none. Unix milliseconds. */
export function timeAfter(times: CronTimes, atMs: number): number | null {
  return open(times).nextRun(new Date(atMs))?.getTime() ?? null;
}

/** The last time up to an instant, the instant included. */
export function timeUpTo(times: CronTimes, atMs: number): number | null {
  return (
    open(times)
      .previousRuns(1, new Date(atMs + 1))[0]
      ?.getTime() ?? null
  );
}

function open({ cron, timeZone }: CronTimes): Cron {
  return new Cron(cron, { timezone: timeZone, mode: '5-or-6-parts', paused: true });
}
