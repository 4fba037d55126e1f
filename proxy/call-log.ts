/** The last finished calls of one service, for the orchestrator to page through. Bounded. */
import type { CallPage, CallRecord } from '../common/protocol.js';

const MAX_CALLS_KEPT = 50_000;
export const MAX_CALLS_PER_PAGE = 5_000;

export class CallLog {
  private readonly ring: CallRecord[] = [];
  private lastSeq = 0;

  private readonly epoch: string;
  private readonly capacity: number;

  constructor(epoch: string, capacity = MAX_CALLS_KEPT) {
    this.epoch = epoch;
    this.capacity = capacity;
  }

  add(call: Omit<CallRecord, 'seq'>): void {
    this.lastSeq += 1;
    this.ring[(this.lastSeq - 1) % this.capacity] = { seq: this.lastSeq, ...call };
  }

  /** Up to `limit` calls with a sequence number above `after`, oldest first. */
  page(after: number, limit: number): CallPage {
    const oldest = Math.max(1, this.lastSeq - this.capacity + 1);
    const first = Math.max(after + 1, oldest);
    const last = Math.min(this.lastSeq, first + Math.min(limit, MAX_CALLS_PER_PAGE) - 1);
    const calls: CallRecord[] = [];
    for (let seq = first; seq <= last; seq += 1) {
      const call = this.ring[(seq - 1) % this.capacity];
      if (call !== undefined) calls.push(call);
    }
    const missed = Math.max(0, Math.min(first, this.lastSeq + 1) - 1 - after);
    return { epoch: this.epoch, calls, missed, nextAfter: Math.max(after, last) };
  }
}
