/**
 * Calls and incidents, counted where canary and stable may be compared: among calls of the same tool
 * in sessions that had equally many incidents before.
 *
 * How strongly incidents cluster in sessions is not known, so each of several guesses
 * (`CONCENTRATIONS`) has its own *exposure*: calls weighted by the chance of an incident that the
 * session's past gives them under the guess.
 */
import { Sums } from './sums.js';
import { MAX_TOOLS } from './tools.js';

/**
 * Guesses at the concentration of the Beta distribution of the sessions' incident rates: with 1 a
 * session is nearly all good or all bad, with 60 sessions hardly differ.
 */
export const CONCENTRATIONS = [1, 4, 15, 60] as const;

/** Sessions are told apart by 0, 1, 2, 3 and "4 or more" earlier incidents. */
export const CLASSES = 5;

const CELLS = CLASSES * MAX_TOOLS;

/** The class of a session with so many earlier incidents. */
export function classOf(earlier: number): number {
  return Math.min(earlier, CLASSES - 1);
}

/** What one track, or both, did in a stratum. */
class Tally {
  calls = 0;
  readonly #byTool = new Sums(MAX_TOOLS);
  readonly #incidents = new Sums(CELLS);
  readonly #exposure = new Sums(CONCENTRATIONS.length * CELLS);

  addCall(tool: number): void {
    this.calls += 1;
    this.#byTool.add(tool, 1);
  }

  addIncident(earlier: number, tool: number): void {
    this.#incidents.add(earlier * MAX_TOOLS + tool, 1);
  }

  addExposure(guess: number, earlier: number, tool: number, amount: number): void {
    this.#exposure.add(guess * CELLS + earlier * MAX_TOOLS + tool, amount);
  }

  toolCalls(tool: number): number {
    return this.#byTool.get(tool);
  }

  incidents(earlier: number, tool: number): number {
    return this.#incidents.get(earlier * MAX_TOOLS + tool);
  }

  exposure(guess: number, earlier: number, tool: number): number {
    return this.#exposure.get(guess * CELLS + earlier * MAX_TOOLS + tool);
  }

  merge(other: Tally): void {
    this.calls += other.calls;
    this.#byTool.merge(other.#byTool);
    this.#incidents.merge(other.#incidents);
    this.#exposure.merge(other.#exposure);
  }

  clear(): void {
    this.calls = 0;
    this.#byTool.clear();
    this.#incidents.clear();
    this.#exposure.clear();
  }
}

export class Strata {
  /** Canary and stable together. */
  readonly both = new Tally();
  readonly canary = new Tally();
  incidents = 0;

  addCall(isCanary: boolean, tool: number): void {
    this.both.addCall(tool);
    if (isCanary) this.canary.addCall(tool);
  }

  addExposure(
    isCanary: boolean,
    guess: number,
    earlier: number,
    tool: number,
    amount: number,
  ): void {
    this.both.addExposure(guess, earlier, tool, amount);
    if (isCanary) this.canary.addExposure(guess, earlier, tool, amount);
  }

  addIncident(isCanary: boolean, earlier: number, tool: number): void {
    this.incidents += 1;
    this.both.addIncident(earlier, tool);
    if (isCanary) this.canary.addIncident(earlier, tool);
  }

  merge(other: Strata): void {
    this.incidents += other.incidents;
    this.both.merge(other.both);
    this.canary.merge(other.canary);
  }

  clear(): void {
    this.incidents = 0;
    this.both.clear();
    this.canary.clear();
  }
}
