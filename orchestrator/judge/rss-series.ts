/**
 * One track's memory over the whole rollout in a bounded number of equal spans of time. Each span
 * keeps its lowest RSS: a peak between two collections is nobody's leak.
 */
import type { ProcessEvent } from './types.js';

/** When there are more spans, neighbours are put together. */
const MOST_SPANS = 240;
const FIRST_SPAN_MS = 1000;

export interface Span {
  readonly index: number;
  readonly rssBytes: number;
  /** The process was another one than in the span before. */
  readonly restarted: boolean;
  readonly sessionsOpened: number;
  readonly calls: number;
}

export class RssSeries {
  #spans: Span[] = [];
  #spanMs = FIRST_SPAN_MS;
  #restarts: number | null = null;

  get spanMs(): number {
    return this.#spanMs;
  }

  /** In order of time; spans without a sample are missing. */
  get spans(): readonly Span[] {
    return this.#spans;
  }

  add({ atMs, rssBytes, restarts, sessionsOpened, calls }: ProcessEvent): void {
    const restarted = this.#restarts !== null && restarts !== this.#restarts;
    this.#restarts = restarts;
    const index = Math.floor(atMs / this.#spanMs);
    this.#put({ index, rssBytes, restarted, sessionsOpened, calls });
    if (this.#spans.length > MOST_SPANS) this.#coarsen();
  }

  #put(span: Span): void {
    const last = this.#spans.at(-1);
    if (last === undefined || last.index < span.index) this.#spans.push(span);
    else this.#spans[this.#spans.length - 1] = together(last, span);
  }

  #coarsen(): void {
    const fine = this.#spans;
    this.#spans = [];
    this.#spanMs *= 2;
    for (const span of fine) this.#put({ ...span, index: Math.floor(span.index / 2) });
  }
}

function together(earlier: Span, later: Span): Span {
  return {
    index: earlier.index,
    rssBytes: later.restarted ? later.rssBytes : Math.min(earlier.rssBytes, later.rssBytes),
    restarted: earlier.restarted || later.restarted,
    sessionsOpened: later.sessionsOpened,
    calls: later.calls,
  };
}
