/** What a schedule starts for a service (pure). */
import type { ScheduleConfig, ScheduledRelease } from '../../config/schedules.js';
import type { StartRequest } from '../control/messages.js';

/** A service without a release of its own starts main's spec as it is. */
export function requestFor({ releases }: ScheduleConfig, service: string): StartRequest {
  const release = Object.hasOwn(releases, service) ? releases[service] : undefined;
  return { release: changeOf(release ?? {}), dryRun: false };
}

function changeOf(release: ScheduledRelease): StartRequest['release'] {
  const written = Object.entries(release).filter(([, value]) => value !== undefined);
  return Object.fromEntries(written);
}
