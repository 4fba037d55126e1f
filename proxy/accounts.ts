/** One service's books: every finished call goes to its track's counters, the log and the metrics. */
import type { Outcome, Track } from '../common/protocol.js';
import type { CallLog } from './call-log.js';
import { isError } from './mcp/outcome.js';
import type { ProxyMetrics } from './metrics.js';
import type { Tracks } from './tracks.js';

export interface FinishedCall {
  readonly track: Track;
  readonly session: string;
  readonly tool: string;
  readonly outcome: Outcome;
  /** `performance.now()` when the request arrived. */
  readonly startedAt: number;
}

export class Accounts {
  private readonly service: string;
  private readonly tracks: Tracks;
  private readonly log: CallLog;
  private readonly metrics: ProxyMetrics;
  private readonly now: () => number;

  constructor(
    service: string,
    tracks: Tracks,
    log: CallLog,
    metrics: ProxyMetrics,
    now: () => number,
  ) {
    this.service = service;
    this.tracks = tracks;
    this.log = log;
    this.metrics = metrics;
    this.now = now;
  }

  finish({ track, session, tool, outcome, startedAt }: FinishedCall): void {
    const latencyMs = performance.now() - startedAt;
    const meter = this.tracks.meter(track);
    meter.calls += 1;
    if (isError(outcome)) meter.errors += 1;
    this.log.add({ atMs: this.now(), track, session, tool, outcome, latencyMs });
    this.metrics.callFinished({ service: this.service, track, tool, outcome, latencyMs });
  }

  /** A session moved to `track`. */
  moved(track: Track): void {
    this.metrics.sessionMoved(this.service, track);
  }
}
