/** Views as lists show them: short enough to be sent every few seconds (pure). */
import type { HistoryReply, RolloutView, StatusReply } from '../control/messages.js';
import type { RunView, ScheduleView } from '../control/run-messages.js';
import { withoutOutput } from '../control/views.js';
import { rule } from '../rollout/requests.js';
import { REQUEST_KINDS, type RequestKind } from '../rollout/rollout.js';
import type { HistoryList, OpenRollout, Overview, RolloutSummary } from './messages.js';
import { runSummary, scheduleSummary } from './plans.js';

export interface OverviewParts {
  readonly status: StatusReply;
  readonly runs: readonly RunView[];
  readonly schedules: readonly ScheduleView[];
}

export function overviewOf({ status, runs, schedules }: OverviewParts): Overview {
  const services = status.services.map((service) => {
    return { ...service, rollout: service.rollout && summaryOf(service.rollout) };
  });
  return {
    ...status,
    services,
    runs: runs.map(runSummary),
    schedules: schedules.map(scheduleSummary),
  };
}

export function historyList({ rollouts }: HistoryReply): HistoryList {
  return { rollouts: rollouts.map(summaryOf) };
}

/** What commands printed may hold secrets, and reading is open: it stays on the control socket, as do the cases of a smoke test. */
export function openView(view: RolloutView): OpenRollout {
  const { release, smoke } = view;
  const preparation = release?.preparation == null ? null : withoutOutput(release.preparation);
  return {
    ...view,
    release: release && { ...release, preparation },
    smoke: smoke && { ...smoke, suite: null, contract: null },
    can: ordersFor(view),
  };
}

type Short = Omit<RolloutSummary, 'verdict' | 'can'>;

function summaryOf(view: RolloutView): RolloutSummary {
  const { assessment, ...rest } = view;
  const long: readonly string[] = ['transitions', 'release', 'smoke'];
  const short = Object.entries(rest).filter(([name]) => !long.includes(name));
  const verdict = assessment?.verdict ?? null;
  return { ...(Object.fromEntries(short) as Short), verdict, can: ordersFor(view) };
}

function ordersFor({ phase, held }: RolloutView): readonly RequestKind[] {
  const ruled = held === null ? { kind: phase } : { kind: phase, why: held };
  return REQUEST_KINDS.filter((kind) => rule(ruled, kind) === 'take');
}
