/**
 * The limit of what can be reached: Wald's sequential likelihood ratio at 1/100 by someone who knows
 * both releases' exact rates and how their errors cluster, and looks at the canary alone.
 */
import type { CallEvent, EvidenceEvent } from '../../orchestrator/judge/types.js';

/** Takes an event; true when the regression is certain. */
export type Oracle = (event: EvidenceEvent) => boolean;

const THRESHOLD = Math.log(100);

interface Past {
  calls: number;
  errors: number;
}

function oracle(logRatio: (call: CallEvent, past: Past) => number): Oracle {
  const sessions = new Map<string, Past>();
  let evidence = 0;
  return (event) => {
    if (event.type !== 'call' || event.track !== 'canary') return false;
    const past = sessions.get(event.session) ?? { calls: 0, errors: 0 };
    sessions.set(event.session, past);
    evidence += logRatio(event, past);
    past.calls += 1;
    if (event.outcome !== 'ok') past.errors += 1;
    return evidence >= THRESHOLD;
  };
}

/** Error rates that are Beta-distributed over sessions: Pólya's urn gives each call's chance. */
export function callsOracle(stable: number, canary: number, concentration: number): Oracle {
  const chance = (rate: number, { calls, errors }: Past) =>
    (rate * concentration + errors) / (concentration + calls);
  return oracle(({ outcome }, past) => {
    const [before, after] = [chance(stable, past), chance(canary, past)];
    return outcome === 'ok' ? Math.log((1 - after) / (1 - before)) : Math.log(after / before);
  });
}

/** One tool that always fails: its first failed call is as rare as `rate` on stable. */
export function toolOracle(rate: number, broken: string): Oracle {
  return oracle(({ tool, outcome }) => {
    if (tool !== broken) return 0;
    return outcome === 'ok' ? Number.NEGATIVE_INFINITY : -Math.log(rate);
  });
}

/** Lognormal latencies (σ = 1) around a median, `factor` times as slow on the canary. */
export function latencyOracle(medianMs: number, factor: number): Oracle {
  const shift = Math.log(factor);
  return oracle(({ latencyMs }) => shift * Math.log(latencyMs / medianMs) - shift ** 2 / 2);
}
