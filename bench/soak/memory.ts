/** Resident memory over time, and whether it grows. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rssBytes } from '../proxy/processes.js';

export interface Sample {
  readonly atMs: number;
  readonly bytes: number;
}

/** A slope with its 95 % interval, in bytes per hour. */
export interface Slope {
  readonly perHour: number;
  readonly low: number;
  readonly high: number;
}

const HOUR_MS = 3_600_000;
/** Two-sided 95 % of the standard normal distribution. */
const Z = 1.959964;

/**
 * The least-squares slope through the means of `blockMs` each: single samples go up and down with
 * the garbage collector and are no independent observations. Null with fewer than four blocks.
 */
export function slopeOf(samples: readonly Sample[], blockMs: number): Slope | null {
  const points = blockMeans(samples, blockMs);
  const n = points.length;
  if (n < 4) return null;
  const meanX = mean(points.map(({ atMs }) => atMs));
  const meanY = mean(points.map(({ bytes }) => bytes));
  const sxx = sum(points.map(({ atMs }) => (atMs - meanX) ** 2));
  const slope = sum(points.map(({ atMs, bytes }) => (atMs - meanX) * (bytes - meanY))) / sxx;
  const residuals = points.map(({ atMs, bytes }) => bytes - meanY - slope * (atMs - meanX));
  const error = Math.sqrt(sum(residuals.map((r) => r * r)) / (n - 2) / sxx);
  const half = studentT(n - 2) * error;
  return {
    perHour: slope * HOUR_MS,
    low: (slope - half) * HOUR_MS,
    high: (slope + half) * HOUR_MS,
  };
}

/** Two-sided 95 % of Student's t (Abramowitz and Stegun 26.7.5, its first two terms). */
function studentT(freedom: number): number {
  const first = (Z ** 3 + Z) / (4 * freedom);
  return Z + first + (5 * Z ** 5 + 16 * Z ** 3 + 3 * Z) / (96 * freedom ** 2);
}

function blockMeans(samples: readonly Sample[], blockMs: number): Sample[] {
  const startMs = samples[0]?.atMs ?? 0;
  const blocks = new Map<number, Sample[]>();
  for (const sample of samples) {
    const block = Math.floor((sample.atMs - startMs) / blockMs);
    blocks.set(block, [...(blocks.get(block) ?? []), sample]);
  }
  return [...blocks.values()].map((block) => ({
    atMs: mean(block.map(({ atMs }) => atMs)),
    bytes: mean(block.map(({ bytes }) => bytes)),
  }));
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;

/** The pid of an app of a PM2 daemon, as that notes it. */
export function pidOf(pm2Home: string, app: string): number {
  const folder = join(pm2Home, 'pids');
  const file = readdirSync(folder).find((name) => name.replace(/-\d+\.pid$/, '') === app);
  if (file === undefined) throw new Error(`PM2 runs no ${app}`);
  return Number(readFileSync(join(folder, file), 'utf8'));
}

/** Samples processes at intervals until it is stopped. */
export class MemorySampler {
  readonly samples: Readonly<Record<string, Sample[]>>;
  private readonly timer: NodeJS.Timeout;

  /** `pids` is asked each time: processes may be replaced. */
  constructor(pids: Readonly<Record<string, () => number>>, everyMs: number) {
    this.samples = Object.fromEntries(Object.keys(pids).map((name) => [name, []]));
    this.timer = setInterval(() => {
      for (const [name, pid] of Object.entries(pids))
        this.samples[name]?.push({ atMs: Date.now(), bytes: rssBytes([pid()]) });
    }, everyMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
