/** Where the reading of every source of evidence stands. Stored with the evidence, in one step, so that nothing is missed or counts twice. */
import { newCounters, type ProxyCursor } from './counters.js';
import type { LogMarks } from './error-lines.js';
import type { LogMark } from './log-tail.js';

export interface MonitorCursor {
  readonly proxy: ProxyCursor;
  /** The canary's share that was recorded last; null before the first change. */
  readonly weight: number | null;
  /** The logs of the apps. */
  readonly logs: LogMarks;
  /** The log of PM2's daemon; null before the first look at it. */
  readonly pm2Log: LogMark | null;
}

export const newCursor: MonitorCursor = {
  proxy: newCounters,
  weight: null,
  logs: {},
  pm2Log: null,
};
