/** What Prometheus sees of the schedules. Labels are bounded: the schedules of canary.yaml, and few results. */
import type { Registry } from 'prom-client';
import { readGauge, type Sample } from '../../common/metrics.js';
import type { Scheduler } from '../schedule/scheduler.js';

/** So many coming times are looked at for one that is not held. */
const LOOK_AHEAD = 5;

/** Gauges that are read from the scheduler at each scrape. */
export function addScheduleMetrics(registry: Registry, scheduler: Pick<Scheduler, 'list'>): void {
  readGauge(
    registry,
    {
      name: 'canary_schedule_last_run_timestamp_seconds',
      help: "The schedule's last time that something became of, by what became of it.",
      labelNames: ['schedule', 'result'],
    },
    () =>
      scheduler
        .list(1)
        .schedules.flatMap(({ name: schedule, last }): Sample[] =>
          last === null ? [] : [[{ schedule, result: last.outcome }, last.slotMs / 1_000]],
        ),
  );
  readGauge(
    registry,
    {
      name: 'canary_schedule_next_run_timestamp_seconds',
      help: 'When the schedule begins its next run; absent while none is in sight.',
      labelNames: ['schedule'],
    },
    () =>
      scheduler.list(LOOK_AHEAD).schedules.flatMap(({ name: schedule, upcoming }): Sample[] => {
        const next = upcoming.find(({ held }) => held === null);
        return next === undefined ? [] : [[{ schedule }, next.atMs / 1_000]];
      }),
  );
}
