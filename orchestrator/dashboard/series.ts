/**
 * A rollout's evidence as what is drawn of it: a bounded number of buckets of equal length. When
 * there would be too many, each two become one, so a week's rollout is as light as an hour's.
 *
 * The differences and their intervals are the judge's own, asked at the end of each bucket.
 */
import type { Track } from '../../common/protocol.js';
import type { CustomCheck, JudgePolicy } from '../../config/types.js';
import { createJudge } from '../judge/judge.js';
import { meaningOf } from '../judge/outcome.js';
import type {
  CallEvent,
  EvidenceEvent,
  Judge,
  ProcessEvent,
  RolloutEvent,
} from '../judge/types.js';
import { SERIES_FIELDS, type SeriesField, type SeriesPatch } from './messages.js';

/** The most buckets of a series. */
export const MAX_BUCKETS = 360;

type Bucket = Record<SeriesField, number | null>;
type Opened = Partial<Record<Track, number>>;

export interface SeriesPlan {
  readonly id: string;
  readonly trial: RolloutEvent;
  readonly judge: JudgePolicy;
  readonly checks: readonly CustomCheck[];
  /** How often evidence is collected: no bucket is shorter. */
  readonly intervalMs: number;
}

export class RolloutSeries {
  readonly #plan: SeriesPlan;
  readonly #judge: Judge;
  #bucketMs: number;
  #buckets: Bucket[] = [];
  /** The first bucket whose judgement is still open. */
  #open = 0;
  #weight: number;
  #opened: Opened = {};
  /** Sessions opened when the weight was set: what came before says nothing of it. */
  #openedBefore: Opened = {};
  #lastAtMs: number;

  constructor(plan: SeriesPlan) {
    this.#plan = plan;
    this.#bucketMs = plan.intervalMs;
    this.#judge = createJudge(plan.judge, plan.checks);
    this.#judge.add(plan.trial);
    this.#weight = plan.trial.weight;
    this.#lastAtMs = plan.trial.startedAtMs;
  }

  /** Takes the next event; `judged` is false for what was seen after the trial. */
  add(event: EvidenceEvent, judged: boolean): void {
    if (event.type === 'rollout') return;
    const index = this.#reach(event.atMs);
    const bucket = this.#buckets[index];
    if (bucket === undefined) return;
    this.#lastAtMs = Math.max(this.#lastAtMs, event.atMs);
    if (judged) this.#judge.add(event);
    switch (event.type) {
      case 'weight':
        this.#weight = event.weight;
        this.#openedBefore = { ...this.#opened };
        break;
      case 'call':
        countCall(bucket, event);
        break;
      case 'process':
        this.#sample(bucket, event);
        break;
      default:
        break;
    }
    if (judged) bucket.weightSet = this.#weight;
  }

  /** The buckets from the number `from` on. */
  patch(from: number): SeriesPatch {
    this.#settle(this.#buckets.length - 1, this.#lastAtMs);
    const { id, trial } = this.#plan;
    const shown = this.#buckets.slice(from);
    const columns = Object.fromEntries(
      SERIES_FIELDS.map((field) => [field, shown.map((bucket) => rounded(bucket[field]))]),
    ) as Record<SeriesField, (number | null)[]>;
    return {
      rollout: id,
      startedAtMs: trial.startedAtMs,
      windowEndsAtMs: trial.startedAtMs + trial.windowMs,
      bucketMs: this.#bucketMs,
      from,
      columns,
    };
  }

  /** The number of the bucket for a time; those up to it exist, and are few enough, when it returns. */
  #reach(atMs: number): number {
    const sinceMs = Math.max(0, atMs - this.#plan.trial.startedAtMs);
    while (sinceMs >= this.#bucketMs * MAX_BUCKETS) this.#halve();
    const index = Math.floor(sinceMs / this.#bucketMs);
    while (this.#buckets.length <= index) {
      this.#close(this.#buckets.length - 1);
      this.#buckets.push(emptyBucket());
    }
    return index;
  }

  #halve(): void {
    const merged: Bucket[] = [];
    for (let i = 0; i < this.#buckets.length; i += 2) {
      const [first, second] = [this.#buckets[i], this.#buckets[i + 1]];
      if (first !== undefined) merged.push(second === undefined ? first : merge(first, second));
    }
    this.#buckets = merged;
    this.#bucketMs *= 2;
    this.#open = Math.max(0, merged.length - 1);
  }

  #close(index: number): void {
    if (index < this.#open) return;
    this.#settle(index, this.#plan.trial.startedAtMs + (index + 1) * this.#bucketMs);
    this.#open = index + 1;
  }

  /** Writes what the judge says at that time into a bucket in which there was something to judge. */
  #settle(index: number, atMs: number): void {
    const bucket = this.#buckets[index];
    if (bucket?.weightSet == null) return;
    for (const { check, numbers } of this.#judge.assess(atMs).checks) {
      if (check !== 'errors' && check !== 'latency') continue;
      bucket[`${check}Difference`] = numbers['difference'] ?? null;
      bucket[`${check}Low`] = numbers['low'] ?? null;
      bucket[`${check}High`] = numbers['high'] ?? null;
    }
  }

  #sample(bucket: Bucket, { track, rssBytes, sessionsOpened }: ProcessEvent): void {
    const rss = `${track}RssBytes` as const;
    bucket[rss] = Math.max(bucket[rss] ?? 0, rssBytes);
    bucket[`${track}Sessions`] = sessionsOpened;
    this.#opened[track] = sessionsOpened;
    bucket.weightActual = this.#shareOpened();
  }

  /** The canary's share of the sessions opened since the weight was set; null before the first. */
  #shareOpened(): number | null {
    const since = (track: Track): number =>
      (this.#opened[track] ?? 0) - (this.#openedBefore[track] ?? 0);
    const all = since('stable') + since('canary') + since('baseline');
    return all > 0 ? since('canary') / all : null;
  }
}

function emptyBucket(): Bucket {
  return Object.fromEntries(SERIES_FIELDS.map((field) => [field, null])) as Bucket;
}

function countCall(bucket: Bucket, { track, outcome }: CallEvent): void {
  const meaning = meaningOf(outcome);
  if (meaning === 'nothing') return;
  bucket[`${track}Calls`] = (bucket[`${track}Calls`] ?? 0) + 1;
  bucket[`${track}Errors`] = (bucket[`${track}Errors`] ?? 0) + (meaning === 'ok' ? 0 : 1);
}

function merge(first: Bucket, second: Bucket): Bucket {
  const merged = emptyBucket();
  for (const field of SERIES_FIELDS) {
    const [a, b] = [first[field], second[field]];
    if (a === null || b === null) merged[field] = b ?? a;
    else if (field.endsWith('Calls') || field.endsWith('Errors')) merged[field] = a + b;
    else merged[field] = field.endsWith('RssBytes') ? Math.max(a, b) : b;
  }
  return merged;
}

/** Ratios to the hundredth of a thousandth: what a screen shows, in a third of the bytes. */
function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1e5) / 1e5;
}
