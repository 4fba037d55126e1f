/** Runs and schedules as the page shows them: short, and the same until something happens (pure). */
import type { RunView, ScheduleView } from '../control/run-messages.js';
import type { RunSummary, ScheduleSummary } from './messages.js';

/** Without what grows by itself, such as the time that a member took by now. */
export function runSummary({ id, title, startedAtMs, endedAtMs, members }: RunView): RunSummary {
  return { id, title, startedAtMs, endedAtMs, states: members.map(({ state }) => state) };
}

export function scheduleSummary({
  name,
  target,
  upcoming,
  last,
  run,
}: ScheduleView): ScheduleSummary {
  return {
    name,
    target,
    next: upcoming[0] ?? null,
    last: last && {
      atMs: last.slotMs,
      outcome: last.outcome,
      reason: last.reason,
      began: last.runId !== null,
    },
    run: run && runSummary(run),
  };
}
