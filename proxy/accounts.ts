/** One service's books: every finished call goes to its track's counters, the log and the metrics. */
import type { Outcome, Track } from '../common/protocol.js';
import type { CallLog } from './call-log.js';
import { CallMeter } from './call-meter.js';
import { isError } from './mcp/outcome.js';
import { isPlaced } from './placement.js';
import { RpcErrorMeter } from './rpc-error-meter.js';
import { SessionMeter } from './session-meter.js';
import type { Tracks } from './tracks.js';

export interface FinishedCall {
  readonly track: Track;
  readonly session: string;
  readonly tool: string;
  readonly outcome: Outcome;
  /** Of the JSON-RPC error that the instance answered with; null without one. */
  readonly code: number | null;
  /** `performance.now()` when the request arrived. */
  readonly startedAt: number;
  /** The same when its answer began; null when none did. */
  readonly firstByteAt: number | null;
}

export class Accounts {
  readonly calls = new CallMeter();
  readonly sessions = new SessionMeter();
  readonly rpcErrors = new RpcErrorMeter();
  private readonly tracks: Tracks;
  private readonly log: CallLog;
  private readonly now: () => number;

  constructor(tracks: Tracks, log: CallLog, now: () => number) {
    this.tracks = tracks;
    this.log = log;
    this.now = now;
  }

  finish(finished: FinishedCall): void {
    const { track, session, tool, outcome, code, startedAt, firstByteAt } = finished;
    const latencyMs = performance.now() - startedAt;
    const firstByteMs = firstByteAt === null ? null : firstByteAt - startedAt;
    const meter = this.tracks.meter(track);
    meter.calls += 1;
    if (isError(outcome)) meter.errors += 1;
    const placed = isPlaced(session);
    if (placed) meter.placedCalls += 1;
    const call = { atMs: this.now(), track, session, placed, tool, outcome, latencyMs };
    this.log.add(code === null ? call : { ...call, code });
    this.calls.count({ track, tool, outcome, latencyMs, firstByteMs });
  }
}
