/**
 * The daemon's own copy of an app's settings and environment (`pm2_env`), loosely typed as PM2 has
 * it: what was configured, what PM2 added, and every variable a second time. It holds secrets and is
 * never logged.
 */
export type Pm2Env = Readonly<Record<string, unknown>>;

/** A setting that is text; empty when it is anything else. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A setting that is a list of texts; PM2 also takes a single one. */
export function texts(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(String);
  return typeof value === 'string' && value !== '' ? [value] : [];
}

/** A setting that is a number, also written as text; null when it is anything else. */
export function numeric(value: unknown): number | null {
  const number = typeof value === 'number' || typeof value === 'string' ? Number(value) : NaN;
  return Number.isFinite(number) ? number : null;
}
