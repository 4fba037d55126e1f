/** Numbers as a person reads them. */

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** A ratio as a percentage: 0.0123 is `1.23 %`. */
export function percent(ratio: number): string {
  return `${digits(ratio * 100)} %`;
}

/** A difference of ratios in percentage points, always with its sign: 0.002 is `+0.2`. */
export function points(ratio: number): string {
  const value = ratio * 100;
  return `${value < 0 ? '-' : '+'}${digits(Math.abs(value))}`;
}

/** Bytes in decimal units, as in `380 MB`. */
export function bytes(value: number): string {
  const size = Math.abs(value);
  if (size < 1e6) return `${digits(value / 1e3)} kB`;
  return size < 1e9 ? `${digits(value / 1e6)} MB` : `${digits(value / 1e9)} GB`;
}

/** A time span in its largest sensible unit, as in `5.9 h`. */
export function duration(ms: number): string {
  if (ms < MINUTE_MS) return `${digits(ms / 1000)} s`;
  return ms < HOUR_MS ? `${digits(ms / MINUTE_MS)} min` : `${digits(ms / HOUR_MS)} h`;
}

/** A ratio of evidence, as in `1,200 times`. */
export function times(ratio: number): string {
  if (ratio >= 1e6) return 'over a million times';
  return `${Number(ratio.toPrecision(2)).toLocaleString('en')} times`;
}

/** Three digits that count, no zeros at the end. */
function digits(value: number): string {
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return String(Number(value.toPrecision(value !== 0 && Math.abs(value) < 0.01 ? 1 : 2)));
}
