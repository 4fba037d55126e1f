/** What the dashboard asks of the orchestrator: to see, to begin, and to steer. */
import type { Orchestrator } from '../orchestrator.js';
import type { Runs } from '../runs/runs.js';
import type { Scheduler } from '../schedule/scheduler.js';

export type Desk = Pick<
  Orchestrator,
  'status' | 'history' | 'rollout' | 'logFiles' | 'start' | 'steer'
> & {
  readonly runs: Pick<Runs, 'recent'>;
  readonly scheduler: Pick<Scheduler, 'list'>;
};
