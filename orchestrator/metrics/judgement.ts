/**
 * What the judge says of the rollouts under way, for Prometheus: its verdict, the state of each
 * check, and the numbers that made it so.
 */
import type { Registry } from 'prom-client';
import { readGauge, type Family, type Sample } from '../../common/metrics.js';
import { CHECK_STATES, VERDICTS, type Assessment, type CheckResult } from '../judge/types.js';
import type { Rollout } from '../rollout/rollout.js';
import { stateSamples } from './states.js';

/** A rollout under way, as far as this file cares. */
export interface JudgedRollout {
  readonly rollout: Pick<Rollout, 'service'>;
  /** Null outside the phases that are judged. */
  readonly assessment: Assessment | null;
}

type ReadCheck = (check: CheckResult, service: string) => readonly Sample[];

const HOUR_S = 3_600;

export function addJudgeMetrics(registry: Registry, live: () => readonly JudgedRollout[]): void {
  readGauge(
    registry,
    {
      name: 'canary_verdict',
      help: 'What the judge says of the rollout under way: 1 for its verdict, 0 for the others.',
      labelNames: ['service', 'verdict'],
    },
    () =>
      live().flatMap(({ rollout: { service }, assessment }) =>
        assessment === null
          ? []
          : stateSamples({ service }, 'verdict', VERDICTS, assessment.verdict),
      ),
  );
  const gauge = (family: Family, read: ReadCheck): void =>
    readGauge(registry, family, () =>
      live().flatMap(({ rollout: { service }, assessment }) =>
        (assessment?.checks ?? []).flatMap((check) => read(check, service)),
      ),
    );
  gauge(
    {
      name: 'canary_check_state',
      help: 'State of each check of the rollout under way: 1 for the present state, 0 for the others.',
      labelNames: ['service', 'check', 'state'],
    },
    ({ check, state }, service) => stateSamples({ service, check }, 'state', CHECK_STATES, state),
  );
  addComparison(gauge);
  addEvidence(gauge);
  addMemory(gauge);
}

type AddGauge = (family: Family, read: ReadCheck) => void;

function addComparison(gauge: AddGauge): void {
  gauge(
    {
      name: 'canary_check_difference_ratio',
      help: "The canary's share of calls that failed (errors) or were slow (latency) less stable's on the same tools, and the bounds of its interval.",
      labelNames: ['service', 'check', 'bound'],
    },
    ({ check, numbers }, service) => [
      ...told(numbers['low'], { service, check, bound: 'low' }),
      ...told(numbers['difference'], { service, check, bound: 'estimate' }),
      ...told(numbers['high'], { service, check, bound: 'high' }),
    ],
  );
  gauge(
    {
      name: 'canary_check_incidents_ratio',
      help: 'Share of calls that failed (errors) or were slow (latency), on the same tools; stable is the baseline where there is one.',
      labelNames: ['service', 'check', 'track'],
    },
    ({ check, numbers }, service) => [
      ...told(numbers['canary'], { service, check, track: 'canary' }),
      ...told(numbers['stable'], { service, check, track: 'stable' }),
    ],
  );
  gauge(
    {
      name: 'canary_check_likelihood_ratio',
      help: 'How much better a difference explains what was seen than none does.',
      labelNames: ['service', 'check'],
    },
    ({ check, numbers }, service) => told(numbers['likelihoodRatio'], { service, check }),
  );
  gauge(
    {
      name: 'canary_check_likelihood_ratio_threshold',
      help: 'The likelihood ratio from which on the canary counts as different.',
      labelNames: ['service', 'check'],
    },
    ({ check, numbers }, service) => told(numbers['threshold'], { service, check }),
  );
}

function addEvidence(gauge: AddGauge): void {
  gauge(
    {
      name: 'canary_judged_calls',
      help: 'Calls of the rollout under way that the judge has compared; stable is the baseline where there is one.',
      labelNames: ['service', 'track'],
    },
    of('errors', (numbers, service) => [
      ...told(numbers['canaryCalls'], { service, track: 'canary' }),
      ...told(numbers['stableCalls'], { service, track: 'stable' }),
    ]),
  );
  gauge(
    {
      name: 'canary_judged_errors',
      help: 'Those of the compared calls that failed.',
      labelNames: ['service', 'track'],
    },
    of('errors', (numbers, service) => [
      ...told(numbers['canaryErrors'], { service, track: 'canary' }),
      ...told(numbers['stableErrors'], { service, track: 'stable' }),
    ]),
  );
  gauge(
    {
      name: 'canary_judged_sessions',
      help: 'Sessions of the canary in which the judge has seen calls.',
      labelNames: ['service'],
    },
    of('errors', (numbers, service) => told(numbers['canarySessions'], { service })),
  );
  gauge(
    {
      name: 'canary_check_value',
      help: "The newest measurement of a check of the operator's own.",
      labelNames: ['service', 'check'],
    },
    ({ check, numbers }, service) => told(numbers['value'], { service, check }),
  );
}

function addMemory(gauge: AddGauge): void {
  gauge(
    {
      name: 'canary_memory_growth_bytes_per_second',
      help: "Growth of the process trees' resident memory after the warm-up; stable is the baseline where there is one.",
      labelNames: ['service', 'track'],
    },
    of('memory', ({ bytesPerHour, stableBytesPerHour }, service) => [
      ...told(bytesPerHour, { service, track: 'canary' }, HOUR_S),
      ...told(stableBytesPerHour, { service, track: 'stable' }, HOUR_S),
    ]),
  );
  gauge(
    {
      name: 'canary_memory_growth_bytes_per_session',
      help: "Growth of the canary's resident memory for each of its sessions.",
      labelNames: ['service'],
    },
    of('memory', ({ bytesPerSession }, service) => told(bytesPerSession, { service })),
  );
  gauge(
    {
      name: 'canary_memory_limit_bytes',
      help: 'The resident memory that the canary may have.',
      labelNames: ['service'],
    },
    of('memory', ({ limitBytes }, service) => told(limitBytes, { service })),
  );
  gauge(
    {
      name: 'canary_memory_time_to_limit_seconds',
      help: 'When the canary would reach its memory limit with all the traffic, at its present growth; absent when never.',
      labelNames: ['service'],
    },
    of('memory', ({ toLimitMs }, service) => told(toLimitMs, { service }, 1_000)),
  );
}

/** What is read of one check only. */
function of(
  name: string,
  read: (numbers: CheckResult['numbers'], service: string) => readonly Sample[],
): ReadCheck {
  return ({ check, numbers }, service) => (check === name ? read(numbers, service) : []);
}

/** A number that a check may have, in the metric's unit. */
function told(value: number | undefined, labels: Sample[0], perUnit = 1): Sample[] {
  return value === undefined ? [] : [[labels, value / perUnit]];
}
