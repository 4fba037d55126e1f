/**
 * The series of the rollouts that somebody looks at, each brought up to date from the stored
 * evidence when it is asked for. A long rollout is read in slices, so that deciding never waits
 * for a browser; at most `MAX_SERIES` are kept, and the one not asked for longest is forgotten.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { rolloutEvent, trialEndMs } from '../monitor/trial.js';
import type { Store } from '../store/store.js';
import { RolloutSeries } from './series.js';

const MAX_SERIES = 8;
const SLICE_EVENTS = 1_000;

interface Entry {
  readonly series: RolloutSeries;
  /** The number of the last event that is in it. */
  after: number;
  /** Its being brought up to date; one at a time. */
  reading: Promise<void>;
}

export class Histories {
  readonly #store: Store;
  readonly #entries = new Map<string, Entry>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** The series with all that is stored by now; null when there is no such rollout. */
  async of(id: string): Promise<RolloutSeries | null> {
    const entry = this.#entries.get(id) ?? this.#newEntry(id);
    if (entry === null) return null;
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MAX_SERIES && oldest !== undefined) this.#entries.delete(oldest);
    entry.reading = entry.reading.then(() => this.#read(id, entry));
    await entry.reading;
    return entry.series;
  }

  #newEntry(id: string): Entry | null {
    const rollout = this.#store.byId(id);
    if (rollout === null) return null;
    const { judge, checks, intervalMs } = rollout.config;
    const series = new RolloutSeries({
      id,
      trial: rolloutEvent(rollout),
      judge,
      checks,
      intervalMs,
    });
    return { series, after: 0, reading: Promise.resolve() };
  }

  async #read(id: string, entry: Entry): Promise<void> {
    const endMs = trialEndMs(this.#store.transitions(id));
    for (;;) {
      const rows = this.#store.evidencePage(id, entry.after, SLICE_EVENTS);
      for (const { seq, event } of rows) {
        const judged = event.type !== 'rollout' && (endMs === null || event.atMs <= endMs);
        entry.series.add(event, judged);
        entry.after = seq;
      }
      if (rows.length < SLICE_EVENTS) return;
      await nextTurn();
    }
  }
}
