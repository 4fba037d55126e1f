/**
 * What the stored history adds up to, for counters that go on after a restart of the orchestrator.
 * Each move is read once: a scrape reads those that are new.
 */
import { Durations } from '../../common/durations.js';
import { ENDED_PHASES } from '../rollout/phase.js';
import type { Store, StoredMove } from '../store/store.js';

/** From a moment to a week: upper bounds of the buckets of how long rollouts and phases took, in seconds. */
export const ROLLOUT_BOUNDS_S = [
  10, 60, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400, 259_200, 604_800,
] as const;

const PAGE = 1_000;

/** All rollouts of a service. */
export class ServiceHistory {
  /** How many rollouts have ended in a phase. */
  readonly ended = new Map<string, number>();
  /** How long those took that are kept, by the phase that they ended in. */
  readonly rollouts = new Map<string, Durations>();
  /** How long the phases took that are over. */
  readonly phases = new Map<string, Durations>();
  /** When each phase was entered last, Unix milliseconds. */
  readonly enteredAtMs = new Map<string, number>();
  /** Where the newest move led; null before the first. */
  lastPhase: string | null = null;

  add({ from, to, sinceMs, atMs, startedAtMs }: StoredMove): void {
    observe(this.phases, from, atMs - sinceMs);
    if (ENDED_PHASES.some((kind) => kind === to)) {
      observe(this.rollouts, to, atMs - startedAtMs);
      this.addEnded(to, 1);
    }
    this.enteredAtMs.set(from, sinceMs);
    this.enteredAtMs.set(to, atMs);
    this.lastPhase = to;
  }

  addEnded(phase: string, count: number): void {
    this.ended.set(phase, (this.ended.get(phase) ?? 0) + count);
  }
}

export type HistoryStore = Pick<Store, 'movesAfter' | 'forgottenRollouts'>;

export class History {
  readonly #store: HistoryStore;
  readonly #services: ReadonlyMap<string, ServiceHistory>;
  #last = 0;
  #begun = false;

  /** `services`: those that are configured; others in the store are left out. */
  constructor(store: HistoryStore, services: readonly string[]) {
    this.#store = store;
    this.#services = new Map(services.map((service) => [service, new ServiceHistory()]));
  }

  /** Every service's history until now. */
  read(): ReadonlyMap<string, ServiceHistory> {
    if (!this.#begun) this.#begin();
    for (let moves = this.#next(); moves.length > 0; moves = this.#next()) {
      for (const move of moves) this.#services.get(move.service)?.add(move);
    }
    return this.#services;
  }

  /** What is forgotten later was counted before. */
  #begin(): void {
    this.#begun = true;
    for (const { service, phase, count } of this.#store.forgottenRollouts()) {
      this.#services.get(service)?.addEnded(phase, count);
    }
  }

  #next(): readonly StoredMove[] {
    const moves = this.#store.movesAfter(this.#last, PAGE);
    this.#last = moves.at(-1)?.number ?? this.#last;
    return moves;
  }
}

function observe(durations: Map<string, Durations>, name: string, durationMs: number): void {
  const found = durations.get(name) ?? new Durations(ROLLOUT_BOUNDS_S);
  durations.set(name, found);
  found.observe(durationMs);
}
