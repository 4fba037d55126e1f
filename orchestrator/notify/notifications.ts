/**
 * Tells people and programs what happens to rollouts, by way of the outbox.
 *
 * 1. A rollout never waits: an event is put into the outbox, in the transaction that stores what it
 *    tells of, and sent by a loop of its receiver's own.
 * 2. Each event arrives at least once, in order, with an id by which a second one is known; or it is
 *    given up, with the reason in the log.
 * 3. Everything is bounded: an attempt's time, the number of attempts, an event's age, the outbox.
 * 4. Trouble of the program's own (a full disk) is logged and tried again.
 */
import type { Clock } from '../../common/clock.js';
import type { Logger } from '../../common/log.js';
import type { NotifyConfig } from '../../config/notify.js';
import type { Letter, Outbox } from '../store/outbox.js';
import { nextAfter, type Delivery } from './delivery.js';
import {
  isWanted,
  notificationFor,
  sampleNotification,
  type RolloutMove,
  type Sender,
} from './notification.js';
import type { Send } from './send.js';

export interface NotificationParts {
  readonly receivers: readonly NotifyConfig[];
  readonly outbox: Outbox;
  readonly send: Send;
  readonly clock: Clock;
  /** A short text that has never been given before. */
  readonly newId: () => string;
  /** From 0 to 1. */
  readonly jitter: () => number;
  /** This machine's name. */
  readonly host: string;
  readonly log: Logger;
}

/** What became of a sample. */
export interface SampleResult {
  readonly receiver: string;
  readonly kind: NotifyConfig['target']['kind'];
  /** Null: it has arrived. */
  readonly failure: string | null;
}

const MAX_PENDING = 500;
const POLL_MS = 1_000;
const TROUBLE_MS = 10_000;

export class Notifications {
  readonly #parts: NotificationParts;

  constructor(parts: NotificationParts) {
    this.#parts = parts;
  }

  /** What a move puts into the outbox. */
  lettersFor(move: RolloutMove): readonly Letter[] {
    const notification = notificationFor(move, this.#sender());
    if (notification === null) return [];
    return this.#parts.receivers
      .filter((receiver) => isWanted(receiver, notification))
      .map(({ name }) => ({ receiver: name, notification }));
  }

  /** Sends what is in the outbox until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { receivers } = this.#parts;
    this.#forgetOthers();
    await Promise.all(receivers.map((receiver) => this.#serve(receiver, signal)));
  }

  /** Sends a sample to all receivers, or to the one of that name, once and at once. */
  async sample(name: string | null, signal: AbortSignal): Promise<readonly SampleResult[]> {
    const { receivers, send, clock } = this.#parts;
    const notification = sampleNotification(this.#sender(), clock.now());
    const chosen = receivers.filter((receiver) => name === null || receiver.name === name);
    return Promise.all(
      chosen.map(async (receiver) => {
        const delivery = await send(receiver, notification, signal);
        const failure = delivery.kind === 'delivered' ? null : delivery.reason;
        return { receiver: receiver.name, kind: receiver.target.kind, failure };
      }),
    );
  }

  #sender(): Sender {
    const { newId, host } = this.#parts;
    return { id: newId(), host };
  }

  /** Drops what is for receivers that are no more; what cannot be dropped now is at the next start. */
  #forgetOthers(): void {
    const { receivers, outbox, log } = this.#parts;
    try {
      const dropped = outbox.keepOnly(receivers.map(({ name }) => name));
      if (dropped > 0) log.warn({ dropped }, 'notifications for receivers that are no more');
    } catch (error) {
      log.error({ err: error }, 'notifications for receivers that are no more cannot be dropped');
    }
  }

  async #serve(receiver: NotifyConfig, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts;
    while (!signal.aborted) {
      const pauseMs = await this.#attempt(receiver, signal).catch((error: unknown) => {
        log.error({ receiver: receiver.name, err: error }, 'a notification failed');
        return TROUBLE_MS;
      });
      if (pauseMs > 0) await clock.sleep(pauseMs, signal);
    }
  }

  /** At most one attempt. Gives how long to rest. */
  async #attempt(receiver: NotifyConfig, signal: AbortSignal): Promise<number> {
    const { outbox, send, clock, log } = this.#parts;
    const { name } = receiver;
    const dropped = outbox.trim(name, MAX_PENDING);
    if (dropped > 0) log.warn({ receiver: name, dropped }, 'too many notifications wait');
    const letter = outbox.next(name);
    if (letter === null) return POLL_MS;
    const leftMs = letter.dueAtMs - clock.now();
    if (leftMs > 0) return Math.min(leftMs, POLL_MS);
    const delivery = await send(receiver, letter.notification, signal);
    // Cut off by the program's end, it was no attempt.
    if (!signal.aborted || delivery.kind === 'delivered') this.#settle(letter, delivery);
    return 0;
  }

  #settle(letter: NonNullable<ReturnType<Outbox['next']>>, delivery: Delivery): void {
    const { outbox, clock, jitter, log } = this.#parts;
    const { seq, receiver, notification, attempts } = letter;
    const logged = { receiver, event: notification.event, rollout: notification.rollout };
    if (delivery.kind === 'delivered') {
      outbox.remove(seq);
      log.info(logged, 'notified');
      return;
    }
    const ageMs = clock.now() - Date.parse(notification.at);
    const next = nextAfter(delivery, attempts + 1, ageMs, jitter());
    if (next.kind === 'give-up') {
      outbox.remove(seq);
      log.error({ ...logged, reason: next.reason }, 'a notification is given up');
    } else {
      outbox.postpone(seq, clock.now() + next.delayMs);
      log.warn({ ...logged, reason: delivery.reason }, 'a notification will be tried again');
    }
  }
}
