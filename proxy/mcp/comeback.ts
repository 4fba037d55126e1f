/**
 * A legacy client that has opened a stream: is it new, or does it believe that it is still in its old
 * session? A new one sends `initialize` as soon as it knows the endpoint; one that came back sends
 * anything else, or nothing.
 */
import { isRequest, type Message } from './message-scanner.js';

const SILENCE_MS = 1_500;

export class Comeback {
  /** The ids (raw tokens) of requests that the client has sent by now. */
  readonly sent = new Set<string>();
  private readonly takeOver: () => Promise<void>;
  private readonly giveUp: () => void;
  private decided: Promise<void> | null = null;
  private timer: NodeJS.Timeout | undefined;

  constructor(takeOver: () => Promise<void>, giveUp: () => void) {
    this.takeOver = takeOver;
    this.giveUp = giveUp;
  }

  /** The client knows the endpoint now. */
  listen(): void {
    if (this.decided === null) this.timer = setTimeout(() => void this.decide(true), SILENCE_MS);
  }

  /** The client has sent something. Resolves when it can be delivered. */
  hear(messages: readonly Message[]): Promise<void> {
    for (const { id } of messages.filter(isRequest)) this.sent.add(id ?? '');
    return this.decide(messages.every(({ method }) => method !== 'initialize'));
  }

  /** The first word counts. Resolves when what the client sent can be delivered. */
  decide(isBack: boolean): Promise<void> {
    clearTimeout(this.timer);
    this.decided ??= isBack ? this.takeOver() : Promise.resolve(this.giveUp());
    return this.decided;
  }
}
