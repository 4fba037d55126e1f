/**
 * How fast a process grows, with the uncertainty of that, told from what only looks like growth:
 *
 * - **Sawtooth:** where the collector gives much back at once, only the lows after it count.
 * - **Steps:** one or two sudden rises are something loaded once. More of them are growth.
 * - **Restarts** begin anew at the level where the process before left off.
 * - **Warm-up:** where growth slows down significantly, an exponential approach to a level is fitted
 *   beside the steady growth, and only the latter counts.
 * - **Noise that remembers:** the errors of all fits are AR(1) (linear-model.ts).
 */
import { fitWithMemory, type Column, type Fit } from './linear-model.js';
import type { RssSeries, Span } from './rss-series.js';

const HOUR_MS = 3_600_000;

/** A change from one span to the next is sudden beyond so many of the usual changes ... */
const SUDDEN = 6;
/** ... and no less than so many bytes. */
const LEAST_SUDDEN_BYTES = 2e6;
const MOST_STEPS = 2;

/** More changes of level, restarts with them, leave no trend. */
const MOST_LEVELS = 4;

/** Growth slows down when the curvature is so many standard errors below 0. */
const SLOWS_DOWN = 2.5;

/** Time constants of the warm-up that are tried, as shares of the time seen. */
const WARM_UPS = [0.04, 0.06, 0.09, 0.13, 0.19, 0.28, 0.4, 0.6, 0.9];

/** The first sessions warm caches; they are left out when what follows is at least half of the time. */
const WARM_UP_SESSIONS = 300;

/** Fewer lows than this show no trend. */
const LEAST_LOWS = 8;

/** Lows are picked out of what surrounds them: they scatter more than a fit through them shows. */
const LOWS_SCATTER = 1.2;
const LEAST_SPANS = 20;

export interface Growth {
  readonly bytesPerHour: number;
  readonly standardError: number;
  readonly degreesOfFreedom: number;
  /** With what a warm-up takes. */
  readonly averagePerHour: number;
  /** From the first measurement to the last. */
  readonly grownBytes: number;
}

/** Measurements to fit a trend to. */
interface Points {
  readonly hours: readonly number[];
  readonly bytes: readonly number[];
  /** Where the level changed for a reason that is no growth. */
  readonly levels: readonly number[];
  /** How many times the fitted standard error is the real one. */
  readonly scatter: number;
}

/** Null when there is too little to tell a trend. */
export function growthOf(series: RssSeries): Growth | null {
  const { spanMs } = series;
  const all = pointsOf(series.spans, spanMs);
  const average = all === null ? null : trend(all, []);
  const points = pointsOf(warm(series.spans), spanMs);
  if (average === null || points === null) return null;
  const fit = slowsDown(points) ? besideWarmUp(points) : trend(points, []);
  if (fit === null) return null;
  return {
    bytesPerHour: fit.coefficients[1] ?? 0,
    standardError: (fit.standardErrors[1] ?? 0) * points.scatter,
    degreesOfFreedom: fit.degreesOfFreedom,
    averagePerHour: average.coefficients[1] ?? 0,
    grownBytes: (points.bytes.at(-1) ?? 0) - (points.bytes[0] ?? 0),
  };
}

/** The spans after the first sessions. */
function warm(spans: readonly Span[]): readonly Span[] {
  const opened = spans[0]?.sessionsOpened ?? 0;
  const from = spans.findIndex(
    ({ sessionsOpened }) => sessionsOpened >= WARM_UP_SESSIONS && sessionsOpened > opened,
  );
  return opened < WARM_UP_SESSIONS && from > 0 && from <= spans.length / 2
    ? spans.slice(from)
    : spans;
}

/** The lows of a sawtooth, else all spans; null when they are too few. */
function pointsOf(spans: readonly Span[], spanMs: number): Points | null {
  const changes = spans.map((span, i) => span.rssBytes - (spans[i - 1] ?? span).rssBytes);
  const sudden = suddenBytes(changes);
  const restarts = indexesWhere(spans, ({ restarted }) => restarted);
  const suddenly = (matches: (change: number) => boolean) =>
    indexesWhere(changes, matches).filter((i) => !restarts.includes(i));
  const drops = suddenly((change) => change < -sudden);
  if (drops.length > 0) return lowsAfter(spans, drops, spanMs);
  const rises = suddenly((change) => change > sudden);
  const levels = [...restarts, ...(rises.length <= MOST_STEPS ? rises : [])];
  if (spans.length < LEAST_SPANS || levels.length > MOST_LEVELS) return null;
  return {
    hours: spans.map(({ index }) => (index * spanMs) / HOUR_MS),
    bytes: spans.map(({ rssBytes }) => rssBytes),
    levels,
    scatter: 1,
  };
}

/** The size from which a change is sudden. */
function suddenBytes(changes: readonly number[]): number {
  const middle = median(changes);
  const usual = 1.4826 * median(changes.map((change) => Math.abs(change - middle)));
  return Math.max(LEAST_SUDDEN_BYTES, Math.abs(middle) + SUDDEN * usual);
}

/** The lowest point after each sudden drop and before memory was given back again. */
function lowsAfter(
  spans: readonly Span[],
  drops: readonly number[],
  spanMs: number,
): Points | null {
  if (drops.length < LEAST_LOWS) return null;
  const lows = drops.map((from, i) => {
    const tooth = spans.slice(from, drops[i + 1] ?? spans.length);
    return tooth.reduce((low, { rssBytes }) => Math.min(low, rssBytes), Infinity);
  });
  const hours = drops.map((from) => ((spans[from]?.index ?? 0) * spanMs) / HOUR_MS);
  return { hours, bytes: lows, levels: [], scatter: LOWS_SCATTER };
}

/** Level and steady growth, beside what else is given and the sudden changes of level. */
function trend({ hours, bytes, levels }: Points, beside: readonly Column[]): Fit | null {
  const [first, start] = [hours[0] ?? 0, bytes[0] ?? 0];
  const changes = levels.map((from) => hours.map((_, i) => (i < from ? 0 : 1)));
  return fitWithMemory(
    bytes.map((value) => value - start),
    [hours.map(() => 1), hours.map((hour) => hour - first), ...beside, ...changes],
  );
}

function slowsDown(points: Points): boolean {
  const first = points.hours[0] ?? 0;
  const fit = trend(points, [points.hours.map((hour) => (hour - first) ** 2)]);
  if (fit === null) return false;
  return (fit.coefficients[2] ?? 0) < -SLOWS_DOWN * (fit.standardErrors[2] ?? 0);
}

/**
 * Steady growth beside the warm-up that fits best. That its time constant is not known but fitted
 * makes the growth less certain: the derivative by it is one more regressor (Gauss and Newton).
 */
function besideWarmUp(points: Points): Fit | null {
  const first = points.hours[0] ?? 0;
  const t = points.hours.map((hour) => hour - first);
  const seen = t.at(-1) ?? 0;
  let best = { loss: Infinity, constant: seen };
  for (const share of WARM_UPS) {
    const constant = share * seen;
    const fit = trend(points, [approach(t, constant)]);
    if (fit !== null && fit.loss < best.loss) best = { loss: fit.loss, constant };
  }
  const { constant } = best;
  const derivative = t.map((hours) => (hours / constant) * Math.exp(-hours / constant));
  return trend(points, [approach(t, constant), derivative]);
}

function approach(t: readonly number[], constant: number): number[] {
  return t.map((hours) => 1 - Math.exp(-hours / constant));
}

function indexesWhere<T>(values: readonly T[], matches: (value: T) => boolean): number[] {
  return values.flatMap((value, i) => (matches(value) ? [i] : []));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
