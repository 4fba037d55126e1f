/** Rollouts for Prometheus: where those under way are, and what became of all that there were. */
import type { Registry } from 'prom-client';
import { readCounter, readGauge, readHistogram, type Sample } from '../../common/metrics.js';
import { phaseEndMs } from '../control/views.js';
import { ENDED_PHASES, PHASE_KINDS } from '../rollout/phase.js';
import type { Rollout } from '../rollout/rollout.js';
import { ROLLOUT_BOUNDS_S, type History, type ServiceHistory } from './history.js';
import { stateSamples } from './states.js';

/** A rollout under way, as far as this file cares. */
export interface LiveRollout {
  readonly rollout: Rollout;
  /** Rounds of its loop that failed by the program's own trouble. */
  readonly troubles: number;
}

export function addRolloutMetrics(
  registry: Registry,
  live: () => readonly LiveRollout[],
  history: History,
): void {
  addPresent(registry, live);
  addPhases(registry, live, history);
  addPast(registry, history);
}

function addPresent(registry: Registry, live: () => readonly LiveRollout[]): void {
  const gauge = (name: string, help: string, read: (rollout: Rollout) => readonly Sample[]): void =>
    readGauge(registry, { name, help, labelNames: ['service'] }, () =>
      live().flatMap(({ rollout }) => read(rollout)),
    );
  readGauge(
    registry,
    { name: 'canary_rollouts_active', help: 'Rollouts under way.', labelNames: [] },
    () => [[{}, live().length]],
  );
  gauge('canary_rollout_step', 'The step under way, counted from 1.', ({ service, phase }) =>
    'step' in phase ? [[{ service }, phase.step + 1]] : [],
  );
  gauge(
    'canary_rollout_phase_ends_timestamp_seconds',
    'When the present phase ends by itself; absent while it waits for something else.',
    ({ service, phase }) => {
      const endsAtMs = phaseEndMs(phase);
      return endsAtMs === null ? [] : [[{ service }, endsAtMs / 1_000]];
    },
  );
  readGauge(
    registry,
    {
      name: 'canary_rollout_held',
      help: '1 while the rollout waits for a person, with what it is held by.',
      labelNames: ['service', 'why'],
    },
    () =>
      live().flatMap(({ rollout: { service, phase } }) =>
        phase.kind === 'held' ? [[{ service, why: phase.why }, 1] as const] : [],
      ),
  );
  readCounter(
    registry,
    {
      name: 'canary_rollout_loop_failures_total',
      help: "Rounds of the rollout under way that failed by the program's own trouble, and were tried again.",
      labelNames: ['service'],
    },
    () => live().map(({ rollout: { service }, troubles }) => [{ service }, troubles]),
  );
}

function addPhases(registry: Registry, live: () => readonly LiveRollout[], history: History): void {
  readGauge(
    registry,
    {
      name: 'canary_rollout_phase',
      help: "Phase of the service's newest rollout: 1 for the one that it is or ended in, 0 for the others.",
      labelNames: ['service', 'phase'],
    },
    () => {
      const present = new Map(live().map(({ rollout }) => [rollout.service, rollout.phase.kind]));
      return [...history.read()].flatMap(([service, { lastPhase }]) =>
        stateSamples({ service }, 'phase', PHASE_KINDS, present.get(service) ?? lastPhase),
      );
    },
  );
  readGauge(
    registry,
    {
      name: 'canary_rollout_phase_started_timestamp_seconds',
      help: 'When a rollout of the service came to the phase last.',
      labelNames: ['service', 'phase'],
    },
    () => {
      const begun = new Map(live().map(({ rollout }) => [rollout.service, rollout]));
      return [...history.read()].flatMap(([service, past]) =>
        [...enteredAtMs(past, begun.get(service))].map(
          ([phase, atMs]) => [{ service, phase }, atMs / 1_000] as const,
        ),
      );
    },
  );
}

/** A rollout that has not moved yet has its phase since its start. */
function enteredAtMs(past: ServiceHistory, live: Rollout | undefined): Map<string, number> {
  const entered = new Map(past.enteredAtMs);
  const newest = Math.max(...entered.values());
  if (live !== undefined && live.startedAtMs > newest) {
    entered.set(live.phase.kind, live.startedAtMs);
  }
  return entered;
}

function addPast(registry: Registry, history: History): void {
  readCounter(
    registry,
    {
      name: 'canary_rollouts_total',
      help: 'Rollouts that are over, by how they ended; counted from the stored history.',
      labelNames: ['service', 'result'],
    },
    () =>
      [...history.read()].flatMap(([service, { ended }]) =>
        ENDED_PHASES.map((result) => [{ service, result }, ended.get(result) ?? 0] as const),
      ),
  );
  readHistogram(
    registry,
    {
      name: 'canary_rollout_duration_seconds',
      help: 'From the start of a rollout to its end; counted from the stored history.',
      labelNames: ['service', 'result'],
      boundsS: ROLLOUT_BOUNDS_S,
    },
    () =>
      [...history.read()].flatMap(([service, { rollouts }]) =>
        [...rollouts].map(([result, durations]) => [{ service, result }, durations] as const),
      ),
  );
  readHistogram(
    registry,
    {
      name: 'canary_rollout_phase_duration_seconds',
      help: 'How long the phases took that are over; counted from the stored history.',
      labelNames: ['service', 'phase'],
      boundsS: ROLLOUT_BOUNDS_S,
    },
    () =>
      [...history.read()].flatMap(([service, { phases }]) =>
        [...phases].map(([phase, durations]) => [{ service, phase }, durations] as const),
      ),
  );
}
