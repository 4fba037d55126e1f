/**
 * What Prometheus scrapes from the orchestrator. Labels are bounded: services, tracks, phases,
 * checks, schedules and receivers are few, and known from canary.yaml.
 */
import { Registry } from 'prom-client';
import { addProcessMetrics, type ProcessFacts } from '../../common/process-metrics.js';
import type { CanaryConfig } from '../../config/types.js';
import type { Orchestrator } from '../orchestrator.js';
import type { Scheduler } from '../schedule/scheduler.js';
import type { Store } from '../store/store.js';
import type { VitalSigns } from '../vitals.js';
import { addHealthMetrics, addNotificationMetrics } from './health.js';
import { History, type HistoryStore } from './history.js';
import { addJudgeMetrics } from './judgement.js';
import { addRolloutMetrics } from './rollouts.js';
import { addScheduleMetrics } from './schedules.js';

export interface MetricsParts {
  readonly orchestrator: {
    readonly live: Orchestrator['live'];
    readonly scheduler: Pick<Scheduler, 'list'>;
    readonly vitals: Pick<VitalSigns, 'newest'>;
  };
  readonly config: Pick<CanaryConfig, 'services' | 'notify'>;
  readonly store: HistoryStore & Pick<Store, 'outbox'>;
  readonly process: ProcessFacts;
}

/** A registry whose metrics are read at each scrape. */
export function createMetrics({ orchestrator, config, store, process }: MetricsParts): Registry {
  const registry = new Registry();
  const live = () => orchestrator.live();
  addRolloutMetrics(registry, live, new History(store, Object.keys(config.services)));
  addJudgeMetrics(registry, live);
  addHealthMetrics(registry, () => orchestrator.vitals.newest);
  addNotificationMetrics(
    registry,
    store,
    config.notify.map(({ name }) => name),
  );
  addScheduleMetrics(registry, orchestrator.scheduler);
  addProcessMetrics(registry, process);
  return registry;
}
