/** Whether PM2's own memory limit leaves the judge room to see a leak. */
import type { ServiceConfig } from '../../config/types.js';
import { ok, warning, type Diagnosis } from './diagnosis.js';
import { mainOf, servicesOf, type Facts } from './facts.js';

export function checkMemoryLimits(facts: Facts): Diagnosis[] {
  return servicesOf(facts).flatMap((service) => {
    const main = mainOf(facts, service);
    return main === null ? [] : [checkLimit(service, main.memoryLimitBytes)];
  });
}

function checkLimit({ name, judge }: ServiceConfig, pm2Bytes: number | null): Diagnosis {
  const check = `${name} memory limit`;
  const { maxRssBytes } = judge.memory;
  const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
  if (maxRssBytes !== null && pm2Bytes !== null && pm2Bytes < maxRssBytes) {
    const message = `PM2 restarts main at ${megabytes(pm2Bytes)} (max_memory_restart), before the judge's ${megabytes(maxRssBytes)}`;
    return warning(check, message, 'make limits.memory the smaller one');
  }
  const limit = maxRssBytes ?? pm2Bytes;
  return limit === null
    ? ok(check, 'there is none: growth is compared with main only')
    : ok(check, megabytes(limit));
}
