/** A request on a legacy SSE connection: its POST was accepted, its answer is to come on the stream. */
import type { LiveCall, StopReason } from '../live-call.js';
import type { Binding } from '../pin.js';
import { Patience } from '../patience.js';
import type { Plane } from '../plane.js';
import { Ledger } from './ledger.js';
import type { Message } from './message-scanner.js';

export class PendingCall implements LiveCall {
  readonly ids: Ledger;
  readonly message: Message;
  readonly body: Buffer;
  /** Where it was sent last. */
  binding: Binding | null = null;
  /** Instances that were lost with it. */
  cuts = 0;
  readonly patience: Patience;
  private ended = false;
  private readonly onStop: (call: PendingCall, by: StopReason) => void;
  private readonly timer: NodeJS.Timeout;

  constructor(
    plane: Plane,
    label: string,
    { message, body }: { readonly message: Message; readonly body: Buffer },
    onStop: (call: PendingCall, by: StopReason) => void,
  ) {
    this.ids = new Ledger(plane.accounts, label, [message]);
    this.message = message;
    this.body = body;
    this.onStop = onStop;
    this.patience = new Patience(plane.waiters);
    this.timer = setTimeout(() => this.stop('timeout'), plane.config.callTimeoutMs);
  }

  /** The request's id, a raw token. */
  get id(): string {
    return this.message.id ?? '';
  }

  stop(by: StopReason): void {
    this.onStop(this, by);
  }

  get isOver(): boolean {
    return this.ended;
  }

  /** It has its answer, or gets none. */
  over(): void {
    this.ended = true;
    this.patience.end();
    clearTimeout(this.timer);
  }
}
