/**
 * Is something (an error, a slow answer, an error line) more frequent on the canary than on stable?
 * A sequential test on counts that may be looked at after every call; see evidence.ts for the ratio
 * and docs/judging.md for the theory.
 *
 * 1. Calls are counted by minute. Calm minutes go into one pool, which is closed after half an hour;
 *    a minute of trouble (many more incidents than usual, whoever had them) is compared within itself.
 *    So neither an outage nor a drift can pass for a difference when the canary's share changed too.
 * 2. What decides which calls are pooled never looks at the track.
 * 3. The ratio is looked at when the canary has an incident: at no other event can it set a new record
 *    worth speaking of.
 */
import { DifferenceEstimate, type Difference } from './difference.js';
import { LogRatios } from './evidence.js';
import { SessionHistories, type History } from './session-history.js';
import { classOf, CONCENTRATIONS, Strata } from './strata.js';
import { Sums } from './sums.js';
import { MAX_TOOLS, ToolNumbers } from './tools.js';
import { times } from './words.js';

const BIN_MS = 60_000;
const POOL_BINS = 30;

/** A minute is one of trouble with this many incidents and so many times the usual number of them. */
const TROUBLE = { incidents: 5, timesUsual: 4 } as const;

export interface Observation {
  readonly atMs: number;
  readonly canary: boolean;
  readonly session: string;
  readonly tool: string;
  readonly incident: boolean;
}

export class RateComparison {
  readonly #histories = new SessionHistories();
  readonly #tools = new ToolNumbers();
  readonly #difference = new DifferenceEstimate();
  readonly #toolCalls = new Sums(MAX_TOOLS);
  readonly #toolIncidents = new Sums(MAX_TOOLS);
  readonly #beliefs: number[] = CONCENTRATIONS.map(() => 0);
  readonly #threshold: number;
  #startedAtMs = 0;
  #weight = 0.1;
  #calls = 0;
  #incidents = 0;
  /** In the minutes that were none of trouble. */
  readonly #calm = { calls: 0, incidents: 0 };
  #closed = new LogRatios();
  readonly #pool = new Strata();
  readonly #bin = new Strata();
  /** Pool and bin together, while somebody looks. */
  readonly #both = new Strata();
  #binIndex = 0;
  #poolIndex = 0;
  #ratio = 1;
  /** The highest ratio at any look. */
  #record = 1;

  /** `alpha`: the chance, over all looks together, to find a difference where there is none. */
  constructor(alpha: number) {
    this.#threshold = 1 / alpha;
  }

  /** The likelihood ratio at the last look; `threshold` makes a difference certain. */
  get ratio(): number {
    return this.#ratio;
  }

  get threshold(): number {
    return this.#threshold;
  }

  /** At some look the difference was certain. */
  get isDifferent(): boolean {
    return this.#record >= this.#threshold;
  }

  /** In words, what makes it so. */
  get odds(): string {
    return `a worse canary explains that ${times(this.#record)} better than an equal one, ${times(this.#threshold)} is enough`;
  }

  /** The rollout begins: before the first call. `weight` is the canary's share of new sessions. */
  begin(startedAtMs: number, weight: number): void {
    this.#startedAtMs = startedAtMs;
    this.#weight = Math.min(0.95, Math.max(0.01, weight));
  }

  /** The split changed. What was counted under the old one is not mixed with what follows. */
  setWeight(weight: number): void {
    this.#weight = Math.min(0.95, Math.max(0.01, weight));
    this.#closeBin();
    this.#closePool();
  }

  add(observation: Observation): void {
    const { atMs, canary, incident } = observation;
    this.#goTo(Math.floor((atMs - this.#startedAtMs) / BIN_MS));
    const history = this.#histories.of(observation.session);
    const tool = this.#tools.of(observation.tool);
    this.#expose(canary, incident, history, tool);
    this.#difference.add(canary, tool, incident, history);
    this.#count(history, tool, incident);
    if (!incident) return;
    this.#bin.addIncident(canary, classOf(history.incidents - 1), tool);
    if (canary) this.#look();
  }

  /** See difference.ts. Null before both tracks have calls. */
  difference(alpha: number): Difference | null {
    return this.#difference.estimate(alpha);
  }

  /** The tool that speaks most against the canary. */
  worstTool(): string {
    return this.#tools.name(this.#logRatios().worstTool(this.#tools.count));
  }

  /** Incidents per call, both tracks, never quite 0. */
  #rate(): number {
    return Math.max(1e-4, (this.#incidents + 0.5) / (this.#calls + 100));
  }

  /** The chance of an incident that the tool alone gives a call. */
  #chance(tool: number): number {
    const rate = this.#rate();
    const usual = rate * this.#toolCalls.get(tool);
    return (rate * (this.#toolIncidents.get(tool) + 2)) / (usual + 2);
  }

  #expose(canary: boolean, incident: boolean, history: History, tool: number): void {
    const rate = this.#rate();
    const chance = this.#chance(tool);
    const { incidents, expected } = history;
    const earlier = classOf(incidents);
    this.#bin.addCall(canary, tool);
    for (let guess = 0; guess < CONCENTRATIONS.length; guess += 1) {
      const urn = rate * (CONCENTRATIONS[guess] ?? 1);
      const hazard = (urn + incidents) / (urn + expected);
      const within = (hazard * urn) / (urn + earlier);
      this.#bin.addExposure(canary, guess, earlier, tool, within);
      const belief = (this.#beliefs[guess] ?? 0) - chance * hazard;
      this.#beliefs[guess] = incident ? belief + Math.log(hazard) : belief;
    }
  }

  #count(history: History, tool: number, incident: boolean): void {
    history.expected += this.#chance(tool);
    history.calls += 1;
    this.#calls += 1;
    this.#toolCalls.add(tool, 1);
    if (!incident) return;
    history.incidents += 1;
    this.#incidents += 1;
    this.#toolIncidents.add(tool, 1);
  }

  #look(): void {
    this.#ratio = this.#logRatios().average(this.#beliefs, this.#tools.count);
    this.#record = Math.max(this.#record, this.#ratio);
  }

  #logRatios(): LogRatios {
    const ratios = this.#closed.clone();
    const around = this.#surroundings();
    if (this.#isTrouble()) {
      ratios.add(this.#bin, around);
      ratios.add(this.#pool, around);
      return ratios;
    }
    this.#both.clear();
    this.#both.merge(this.#pool);
    this.#both.merge(this.#bin);
    ratios.add(this.#both, around);
    return ratios;
  }

  #surroundings() {
    return { rate: this.#rate(), weight: this.#weight, tools: this.#tools.count };
  }

  #goTo(binIndex: number): void {
    if (binIndex <= this.#binIndex) return;
    this.#closeBin();
    this.#binIndex = binIndex;
    if (binIndex - this.#poolIndex < POOL_BINS) return;
    this.#closePool();
    this.#poolIndex = binIndex;
  }

  #closeBin(): void {
    if (this.#isTrouble()) {
      this.#closed.add(this.#bin, this.#surroundings());
    } else {
      this.#pool.merge(this.#bin);
      this.#calm.calls += this.#bin.both.calls;
      this.#calm.incidents += this.#bin.incidents;
    }
    this.#bin.clear();
  }

  #closePool(): void {
    this.#closed.add(this.#pool, this.#surroundings());
    this.#pool.clear();
  }

  #isTrouble(): boolean {
    const { incidents, both } = this.#bin;
    const usual = (this.#calm.incidents + 0.5) / (this.#calm.calls + 50);
    return incidents >= TROUBLE.incidents && incidents >= TROUBLE.timesUsual * usual * both.calls;
  }
}
