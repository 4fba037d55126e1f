/** Schedules for tests, written as in canary.yaml. */
import { loadConfigText } from '../../config/load.js';
import type { ScheduleConfig } from '../../config/schedules.js';
import type { CanaryConfig } from '../../config/types.js';

/** A configuration with the services a, b and c, what all of them have and what is written below them. */
export function configWith(yaml: string, own = ''): CanaryConfig {
  const services = ['a', 'b', 'c'].map((name, index) => {
    const port = 8080 + 10 * index;
    return `  ${name}: {listen: ${port}, stable: ${port + 1}, canary: ${port + 2}, ${own}}\n`;
  });
  const loaded = loadConfigText('canary.yaml', `services:\n${services.join('')}${yaml}`, {});
  if (loaded.ok) return loaded.config;
  throw new Error(loaded.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'));
}

/** The schedule `nightly` of service a. */
export function nightly(cron: string, timeZone: string, keys = '', own = ''): ScheduleConfig {
  const written = `{service: a, cron: "${cron}", timeZone: ${timeZone}, ${keys}}`;
  const [schedule] = configWith(`schedules: {nightly: ${written}}`, own).schedules;
  if (schedule === undefined) throw new Error('no schedule');
  return schedule;
}
