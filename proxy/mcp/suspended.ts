/**
 * Calls whose stream the instance closed before the answer, for the client to resume (2025-11-25):
 * their answer comes on a GET with `Last-Event-ID`.
 */
import type { Track } from '../../common/protocol.js';
import type { Ledger } from './ledger.js';
import type { Message } from './message-scanner.js';
import type { PostRequest } from './post.js';

const MAX_SUSPENDED = 64;

export interface SuspendedCall {
  readonly ledger: Ledger;
  readonly request: PostRequest;
  readonly track: Track;
}

export class Suspended {
  private calls: SuspendedCall[] = [];

  get size(): number {
    return this.calls.length;
  }

  add(call: SuspendedCall): void {
    this.calls.push(call);
    const oldest = this.calls.length > MAX_SUSPENDED ? this.calls.shift() : undefined;
    oldest?.ledger.settle('cut', oldest.track);
  }

  /** An answer passed by on a resumed stream. */
  answered(message: Message): void {
    for (const { ledger, track } of this.calls) ledger.answered(message, track, 200);
    this.calls = this.calls.filter(({ ledger }) => ledger.size > 0);
  }

  /** The instance that had them is gone: they are the caller's now. */
  takeAll(): SuspendedCall[] {
    const all = this.calls;
    this.calls = [];
    return all;
  }
}
