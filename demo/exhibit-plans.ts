/** The exhibit's group, as it was upgraded last night and will be again. */
import type { MemberView, RunView, ScheduleView } from '../orchestrator/control/run-messages.js';

const HOUR_MS = 3_600_000;

export interface Plans {
  readonly runs: readonly RunView[];
  readonly schedules: readonly ScheduleView[];
}

/** As they would stand at that time. */
export function exhibitPlans(nowMs: number): Plans {
  const slotMs = nowMs - 8 * HOUR_MS;
  const run: RunView = {
    id: 'run-2',
    title: 'group all-mcp',
    startedAtMs: slotMs,
    endedAtMs: slotMs + 5 * HOUR_MS,
    windowEndsAtMs: null,
    members: [
      member('mcp-scraper', 'promoted'),
      member('mcp-files', 'unchanged'),
      member('mcp-search', 'rolled-back'),
    ],
  };
  const nextMs = nowMs + 16 * HOUR_MS;
  const nightly: ScheduleView = {
    name: 'nightly',
    target: run.title,
    cron: '0 3 * * *',
    timeZone: 'Europe/Berlin',
    upcoming: [{ slotMs: nextMs, atMs: nextMs, held: null }],
    last: {
      schedule: 'nightly',
      slotMs,
      atMs: slotMs,
      outcome: 'started',
      reason: 'on time',
      runId: run.id,
    },
    run,
  };
  return { runs: [run], schedules: [nightly] };
}

function member(service: string, state: MemberView['state']): MemberView {
  return { service, state, rollout: null, reason: null, tookMs: null, calls: null };
}
