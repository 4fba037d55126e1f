/**
 * Calls whose stream ended before the answer, for the client to resume (2025-11-25): the instance
 * closed it, or the client dropped it. Their answer comes on a GET with `Last-Event-ID`.
 */
import type { Track } from '../../common/protocol.js';
import type { BodyBudget } from './body.js';
import type { Ledger } from './ledger.js';
import type { Message } from './message-scanner.js';

const MAX_SUSPENDED = 64;
const MAX_BODY_BYTES = 64 * 1024;

export interface SuspendedCall {
  readonly ledger: Ledger;
  readonly path: string;
  readonly headers: readonly string[];
  /** Null when it is too large to be kept: the call cannot be sent again. */
  readonly body: Buffer | null;
  readonly track: Track;
  /** The client dropped it, which has been accounted for. */
  readonly isDropped: boolean;
}

/** Accounts for a call that its instance will not answer any more. */
export function settleLost({ ledger, track, isDropped }: SuspendedCall): void {
  if (isDropped) ledger.clear();
  else ledger.settle('cut', track);
}

export class Suspended {
  private calls: SuspendedCall[] = [];
  private readonly bodies: BodyBudget;

  /** `bodies`: what the bodies of all sessions' calls may take. */
  constructor(bodies: BodyBudget) {
    this.bodies = bodies;
  }

  get size(): number {
    return this.calls.length;
  }

  add(call: SuspendedCall): void {
    const bytes = call.body?.length ?? 0;
    const hasRoom = bytes <= MAX_BODY_BYTES && this.bodies.take(bytes);
    this.calls.push(hasRoom ? call : { ...call, body: null });
    const [oldest] = this.calls;
    if (this.calls.length <= MAX_SUSPENDED || oldest === undefined) return;
    settleLost(oldest);
    this.keep(this.calls.slice(1));
  }

  /** An answer passed by on a resumed stream. */
  answered(message: Message): void {
    for (const { ledger, track } of this.calls) ledger.answered(message, track, 200);
    this.keep(this.calls.filter(({ ledger }) => ledger.size > 0));
  }

  /** The instance that had them is gone: they are the caller's now. */
  takeAll(): SuspendedCall[] {
    const all = this.calls;
    this.keep([]);
    return all;
  }

  private keep(kept: SuspendedCall[]): void {
    for (const call of this.calls)
      if (!kept.includes(call)) this.bodies.release(call.body?.length ?? 0);
    this.calls = kept;
  }
}
