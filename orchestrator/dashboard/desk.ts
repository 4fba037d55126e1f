/** What the dashboard asks of the orchestrator: to see, to begin, and to steer. */
import type { Orchestrator } from '../orchestrator.js';

export type Desk = Pick<
  Orchestrator,
  'status' | 'history' | 'rollout' | 'logFiles' | 'start' | 'steer'
>;
