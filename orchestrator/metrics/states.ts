/** A state with a few values, as Prometheus wants it: a sample for each. */
import type { Labels, Sample } from '../../common/metrics.js';

/** 1 for the present state, 0 for every other: a graph then shows when it was which. */
export function stateSamples(
  labels: Labels,
  label: string,
  states: readonly string[],
  present: string | null,
): Sample[] {
  return states.map((state) => [{ ...labels, [label]: state }, state === present ? 1 : 0]);
}
