/** What a schedule starts for a service (pure). */
import type { ScheduleConfig, ScheduledRelease } from '../../config/schedules.js';
import type { StartRequest } from '../control/messages.js';

/** A service without a release of its own starts main's spec as it is. */
export function requestFor({ releases }: ScheduleConfig, service: string): StartRequest {
  const release = Object.hasOwn(releases, service) ? releases[service] : undefined;
  const { version, set, allowBreaking, ...change } = release ?? {};
  return {
    release: changeOf(change),
    ...(version !== undefined && { version }),
    ...(set !== undefined && { set }),
    ...(allowBreaking === true && { allowBreaking }),
    dryRun: false,
  };
}

function changeOf(release: ScheduledRelease): StartRequest['release'] {
  const written = Object.entries(release).filter(([, value]) => value !== undefined);
  return Object.fromEntries(written);
}
