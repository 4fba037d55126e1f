/** The calls of a legacy SSE session that wait for their answer, by id. */
import type { Binding } from '../pin.js';
import type { Session } from '../session.js';
import type { PendingCall } from './pending-call.js';

export class PendingCalls {
  private readonly session: Session;
  private readonly byId = new Map<string, PendingCall>();

  constructor(session: Session) {
    this.session = session;
  }

  /** The call is sent on the binding. */
  register(call: PendingCall, binding: Binding): void {
    call.binding = binding;
    this.byId.set(call.id, call);
    this.session.began(binding, call);
  }

  /** Takes a call off the instance it was sent to. False when it has been answered. */
  release(call: PendingCall): boolean {
    if (this.byId.get(call.id) !== call) return false;
    this.byId.delete(call.id);
    if (call.binding !== null) this.session.ended(call.binding, call);
    return true;
  }

  /** The call with that id (a raw token). */
  get(id: string): PendingCall | undefined {
    return this.byId.get(id);
  }

  /** Takes all calls off the connection of that generation. */
  releaseAllOf(generation: number): PendingCall[] {
    const lost = this.all().filter(({ binding }) => binding?.generation === generation);
    return lost.filter((call) => this.release(call));
  }

  all(): PendingCall[] {
    return [...this.byId.values()];
  }
}
