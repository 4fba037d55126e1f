/**
 * Logs: how often error lines come up in the canary's log, against stable's for as many calls.
 *
 * 1. One look at a log that finds error lines is one incident, however many it finds: a traceback is
 *    one event, and what logs in a loop is one trouble. Each call is a chance for an incident.
 * 2. Error lines come in bursts. A minute of a track's log takes the place of a session in
 *    rate-comparison.ts, so that a burst counts as little as a session that fails again and again.
 */
import type { JudgePolicy } from '../../config/types.js';
import { failure, type Check, type Finding } from './check.js';
import { RateComparison } from './rate-comparison.js';
import type { EvidenceEvent } from './types.js';

const BURST_MS = 60_000;

interface Tally {
  calls: number;
  incidents: number;
  lines: number;
}

export class LogCheck implements Check {
  readonly #timesStable: number;
  readonly #comparison: RateComparison;
  readonly #canary: Tally = { calls: 0, incidents: 0, lines: 0 };
  readonly #stable: Tally = { calls: 0, incidents: 0, lines: 0 };
  #failure: Finding | null = null;

  /** `alpha`: the chance that the check may fail a canary that is equal to stable. */
  constructor(policy: JudgePolicy, alpha: number) {
    this.#timesStable = policy.logs.timesStable;
    this.#comparison = new RateComparison(alpha);
  }

  add(event: EvidenceEvent): void {
    if (event.type === 'rollout') this.#comparison.begin(event.startedAtMs, event.weight);
    else if (event.type === 'weight') this.#comparison.setWeight(event.weight);
    else if (event.type === 'call') this.#count(event.atMs, event.track === 'canary', 0);
    else if (event.type === 'log' && event.errorLines > 0) {
      this.#count(event.atMs, event.track === 'canary', event.errorLines);
    }
  }

  assess(): Finding {
    return (
      this.#failure ?? {
        check: 'logs',
        state: 'pass',
        reason: this.#sentence(),
        numbers: this.#numbers(),
        settled: true,
      }
    );
  }

  /** A call, or with `lines` a look that found so many error lines. */
  #count(atMs: number, canary: boolean, lines: number): void {
    if (this.#failure !== null) return;
    const tally = canary ? this.#canary : this.#stable;
    tally.lines += lines;
    if (lines > 0) tally.incidents += 1;
    else tally.calls += 1;
    const session = `${canary ? 'canary' : 'stable'} ${Math.floor(atMs / BURST_MS)}`;
    this.#comparison.add({ atMs, canary, session, tool: 'log', incident: lines > 0 });
    if (canary && lines > 0) this.#decide(atMs);
  }

  #decide(atMs: number): void {
    const worse = rate(this.#canary) > this.#timesStable * rate(this.#stable);
    if (!this.#comparison.isDifferent || !worse) return;
    this.#failure = failure('logs', atMs, this.#sentence(), this.#numbers());
  }

  #sentence(): string {
    const [canary, stable] = [this.#canary, this.#stable];
    return `${canary.lines} error lines in the canary's log for ${canary.calls} calls, ${stable.lines} in stable's for ${stable.calls}`;
  }

  #numbers(): Record<string, number> {
    return {
      canaryLines: this.#canary.lines,
      canaryIncidents: this.#canary.incidents,
      canaryCalls: this.#canary.calls,
      stableLines: this.#stable.lines,
      stableIncidents: this.#stable.incidents,
      stableCalls: this.#stable.calls,
      likelihoodRatio: this.#comparison.ratio,
      threshold: this.#comparison.threshold,
    };
  }
}

function rate({ calls, incidents }: Tally): number {
  return incidents / Math.max(1, calls);
}
