/** Whether the releases that schedules start are there. Those that are made at their time are none of it. */
import { asksForRelease } from '../../config/release.js';
import type { ScheduleConfig } from '../../config/schedules.js';
import { runRefusals } from '../pm2/refusal.js';
import { applyRelease } from '../pm2/spec.js';
import { requestFor } from '../schedule/request.js';
import { ok, warning, type Diagnosis } from './diagnosis.js';
import { mainOf, type Facts } from './facts.js';

const REMEDY = "make it before the schedule's next time, or change its releases";

export async function checkSchedules(facts: Facts): Promise<Diagnosis[]> {
  const schedules = facts.configured.config?.schedules ?? [];
  const found = await Promise.all(schedules.map((schedule) => checkSchedule(facts, schedule)));
  return found.flat();
}

async function checkSchedule(facts: Facts, schedule: ScheduleConfig): Promise<Diagnosis[]> {
  const check = `schedule ${schedule.name}`;
  const troubles = await Promise.all(
    Object.keys(schedule.releases).map(async (service) => {
      const refusals = await refusalsOf(facts, schedule, service);
      return refusals.map((refusal) => `${service}: ${refusal}`);
    }),
  );
  const warnings = troubles.flat().map((trouble) => warning(check, trouble, REMEDY));
  return warnings.length > 0 ? warnings : [ok(check, 'what it starts is there, or made then')];
}

/** Why main could not run what the schedule starts for a service. */
async function refusalsOf(
  facts: Facts,
  schedule: ScheduleConfig,
  service: string,
): Promise<readonly string[]> {
  const config = facts.configured.config?.services[service];
  const main = config === undefined ? null : mainOf(facts, config);
  const request = requestFor(schedule, service);
  if (main === null || asksForRelease(request)) return [];
  return runRefusals(applyRelease(main.spec, request.release), main.searchPath);
}
