/** A request on a legacy SSE connection: its POST was accepted, its answer is to come on the stream. */
import type { LiveCall, StopReason } from '../live-call.js';
import type { Binding } from '../pin.js';
import { Patience } from '../patience.js';
import type { Plane } from '../plane.js';
import type { BodyBudget } from './body.js';
import { Ledger } from './ledger.js';
import type { Message } from './message-scanner.js';

/** Those who look after a call. */
export interface CallKeeper {
  /** Somebody stops it from our side. */
  onStop(call: PendingCall, by: StopReason): void;
  /** It has its answer, or gets none. */
  onOver(call: PendingCall): void;
}

export class PendingCall implements LiveCall {
  readonly ids: Ledger;
  readonly message: Message;
  /** Null when there was no room for it: the call cannot be sent again. */
  readonly body: Buffer | null;
  /** Where it was sent last. */
  binding: Binding | null = null;
  /** Instances that were lost with it. */
  cuts = 0;
  readonly patience: Patience;
  private ended = false;
  private readonly keeper: CallKeeper;
  private readonly bodies: BodyBudget;
  private readonly timer: NodeJS.Timeout;

  constructor(
    plane: Plane,
    label: string,
    { message, body }: { readonly message: Message; readonly body: Buffer },
    keeper: CallKeeper,
  ) {
    this.ids = new Ledger(plane.accounts, label, [message]);
    this.message = message;
    this.bodies = plane.bodies;
    this.body = this.bodies.take(body.length) ? body : null;
    this.keeper = keeper;
    this.patience = new Patience(plane.waiters);
    this.timer = setTimeout(() => this.stop('timeout'), plane.config.callTimeoutMs);
  }

  /** The request's id, a raw token. */
  get id(): string {
    return this.message.id ?? '';
  }

  stop(by: StopReason): void {
    this.keeper.onStop(this, by);
  }

  get isOver(): boolean {
    return this.ended;
  }

  /** It has its answer, or gets none. */
  over(): void {
    this.leave();
    this.keeper.onOver(this);
  }

  /** Its client is away, and waits on: the call is not ours any more. */
  leave(): void {
    if (this.ended) return;
    this.ended = true;
    this.patience.end();
    clearTimeout(this.timer);
    this.bodies.release(this.body?.length ?? 0);
  }
}
