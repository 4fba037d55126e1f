/**
 * Likelihood ratios of "the canary has more incidents" against "both tracks are equal".
 *
 * Given that an incident happened in a cell of the strata, equal releases put it on the canary with
 * the canary's share w of the cell's exposure; a canary with g times the odds puts it there with
 * w·g / (1 − w + w·g). So x canary incidents among m change the likelihood by g^x / (1 − w + w·g)^m
 * (the partial likelihood of Cox's regression; the safe logrank test of ter Schure et al.). Whatever
 * raises both tracks' rates alike cancels out.
 *
 * The odds are not known, so the ratio is averaged over `RATIOS`, with a part kept for "one tool alone
 * is broken". A session that already had k incidents is expected to have more whoever serves it: the
 * r-fold incident rate then only means odds of (r·a + k) / (a + k), where a = rate × concentration,
 * the odds of Pólya's urn. Docs: docs/judging.md.
 */
import { CLASSES, CONCENTRATIONS, type Strata } from './strata.js';
import { Sums } from './sums.js';
import { MAX_TOOLS } from './tools.js';

/**
 * How many times stable's incident rate the canary's may be, with weights that add up to 1. Small
 * differences weigh little: they are only ever found with much evidence, to which weights are nothing.
 */
const RATIOS = [
  { ratio: 1.6, weight: 0.02 },
  { ratio: 2.5, weight: 0.06 },
  { ratio: 4.5, weight: 0.23 },
  { ratio: 8, weight: 0.23 },
  { ratio: 15, weight: 0.23 },
  { ratio: 35, weight: 0.23 },
] as const;

/** The share of the average that looks for a single broken tool, and how broken that is. */
const TOOL_WEIGHT = 0.25;
const TOOL_RATIO = 40;

/** Beliefs in the guesses before any evidence: strong clustering is the safer one. */
const PRIORS = [3, 2, 1, 1] as const;

/**
 * Cells with few incidents borrow from wider ones, as if they had seen this many more: a cell from its
 * class and tool, a class from all calls, all calls from the rollout's weight (in calls).
 */
const BORROWED = { cell: 4, class: 10, toolCalls: 5, allCalls: 20 } as const;

/** What is known beside the counts. */
export interface Surroundings {
  /** Incidents per call, both tracks. */
  readonly rate: number;
  /** The canary's share of new sessions, as configured. */
  readonly weight: number;
  readonly tools: number;
}

/** Logarithms of the likelihood ratios, for each guess at the clustering. */
export class LogRatios {
  readonly #overall: Sums;
  readonly #byTool: Sums;

  constructor(
    overall = new Sums(CONCENTRATIONS.length * RATIOS.length),
    byTool = new Sums(CONCENTRATIONS.length * MAX_TOOLS),
  ) {
    this.#overall = overall;
    this.#byTool = byTool;
  }

  clone(): LogRatios {
    return new LogRatios(this.#overall.clone(), this.#byTool.clone());
  }

  /** Adds what the strata say. */
  add(strata: Strata, around: Surroundings): void {
    if (strata.incidents === 0) return;
    for (let guess = 0; guess < CONCENTRATIONS.length; guess += 1) {
      for (let earlier = 0; earlier < CLASSES; earlier += 1) {
        this.#addClass(strata, around, guess, earlier);
      }
    }
  }

  /** The average ratio: expected to be at most 1, at any time, while the tracks are equal. */
  average(logBeliefs: readonly number[], tools: number): number {
    const highest = Math.max(...logBeliefs);
    let sum = 0;
    let total = 0;
    CONCENTRATIONS.forEach((_, guess) => {
      const belief = (PRIORS[guess] ?? 0) * Math.exp((logBeliefs[guess] ?? 0) - highest);
      total += belief;
      sum += belief * this.#averageUnder(guess, tools);
    });
    return sum / total;
  }

  /** The tool that by itself speaks most against the canary. */
  worstTool(tools: number): number {
    let worst = 0;
    for (let tool = 1; tool < tools; tool += 1) {
      if (this.#byTool.get(MAX_TOOLS + tool) > this.#byTool.get(MAX_TOOLS + worst)) worst = tool;
    }
    return worst;
  }

  #averageUnder(guess: number, tools: number): number {
    let average = 0;
    RATIOS.forEach(({ weight }, i) => {
      const log = this.#overall.get(guess * RATIOS.length + i);
      average += (1 - TOOL_WEIGHT) * weight * Math.exp(log);
    });
    for (let tool = 0; tool < tools; tool += 1) {
      const log = this.#byTool.get(guess * MAX_TOOLS + tool);
      average += TOOL_WEIGHT * weightOfTool(tool) * Math.exp(log);
    }
    return average;
  }

  #addClass(strata: Strata, around: Surroundings, guess: number, earlier: number): void {
    const { both, canary } = strata;
    let [exposure, canaryExposure, incidents] = [0, 0, 0];
    for (let tool = 0; tool < around.tools; tool += 1) {
      exposure += both.exposure(guess, earlier, tool);
      canaryExposure += canary.exposure(guess, earlier, tool);
      incidents += both.incidents(earlier, tool);
    }
    if (incidents === 0) return;
    const perIncident = exposure / incidents;
    const share = shareOf(strata, around.weight);
    const borrowed = BORROWED.class * perIncident;
    const classShare = (canaryExposure + borrowed * share) / (exposure + borrowed);
    for (let tool = 0; tool < around.tools; tool += 1) {
      if (both.incidents(earlier, tool) === 0) continue;
      const own = toolShare(strata, tool, share);
      const wider = combine(classShare, own, share);
      this.#addCell(strata, around, guess, earlier, tool, wider, BORROWED.cell * perIncident);
    }
  }

  #addCell(
    { both, canary }: Strata,
    { rate }: Surroundings,
    guess: number,
    earlier: number,
    tool: number,
    wider: number,
    borrowed: number,
  ): void {
    const incidents = both.incidents(earlier, tool);
    const canaryIncidents = canary.incidents(earlier, tool);
    const share =
      (canary.exposure(guess, earlier, tool) + borrowed * wider) /
      (both.exposure(guess, earlier, tool) + borrowed);
    const urn = rate * (CONCENTRATIONS[guess] ?? 1);
    RATIOS.forEach(({ ratio }, i) => {
      const odds = (ratio * urn + earlier) / (urn + earlier);
      const log = logRatio(odds, share, canaryIncidents, incidents);
      this.#overall.add(guess * RATIOS.length + i, log);
    });
    const log = logRatio(TOOL_RATIO, share, canaryIncidents, incidents);
    this.#byTool.add(guess * MAX_TOOLS + tool, log);
  }
}

function logRatio(odds: number, share: number, canaryIncidents: number, incidents: number): number {
  return canaryIncidents * Math.log(odds) - incidents * Math.log(1 + share * (odds - 1));
}

/** Weights of the tools in the order in which they came; all of them, without end, add up to 1. */
function weightOfTool(tool: number): number {
  return 5 / ((tool + 5) * (tool + 6));
}

function shareOf({ both, canary }: Strata, weight: number): number {
  return (canary.calls + BORROWED.allCalls * weight) / (both.calls + BORROWED.allCalls);
}

function toolShare({ both, canary }: Strata, tool: number, share: number): number {
  const calls = both.toolCalls(tool) + BORROWED.toolCalls;
  return (canary.toolCalls(tool) + BORROWED.toolCalls * share) / calls;
}

/** The share that has the class's and the tool's odds, as far as each differs from those of all calls. */
function combine(classShare: number, toolShareOfCalls: number, share: number): number {
  const odds = (oddsOf(classShare) * oddsOf(toolShareOfCalls)) / oddsOf(share);
  return odds / (1 + odds);
}

function oddsOf(share: number): number {
  return share / (1 - share);
}
