/** What Prometheus sees of the schedules. Labels are bounded: the schedules of canary.yaml, and few results. */
import { Gauge, type Registry } from 'prom-client';
import type { Orchestrator } from '../orchestrator.js';

/** Gauges that are read from the scheduler at each scrape. */
export function scheduleMetrics(
  { scheduler }: Pick<Orchestrator, 'scheduler'>,
  registry: Registry,
): void {
  new Gauge({
    name: 'canary_schedule_last_run_timestamp_seconds',
    help: "The schedule's last time that something became of, by what became of it.",
    labelNames: ['schedule', 'result'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { name, last } of scheduler.list(1).schedules) {
        if (last !== null) this.set({ schedule: name, result: last.outcome }, last.slotMs / 1_000);
      }
    },
  });
  new Gauge({
    name: 'canary_schedule_next_run_timestamp_seconds',
    help: 'When the schedule begins its next run; absent while none is in sight.',
    labelNames: ['schedule'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { name, upcoming } of scheduler.list(LOOK_AHEAD).schedules) {
        const next = upcoming.find(({ held }) => held === null);
        if (next !== undefined) this.set({ schedule: name }, next.atMs / 1_000);
      }
    },
  });
}

/** So many coming times are looked at for one that is not held. */
const LOOK_AHEAD = 5;
