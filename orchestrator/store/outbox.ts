/**
 * Notifications that have not arrived yet, for each receiver in the order in which they happened.
 * They are put in together with what they tell of, so that none is lost when the program ends.
 */
import type { Notification } from '../notify/notification.js';
import type { StoreDatabase } from './database.js';

/** A notification on its way to one receiver. */
export interface Letter {
  readonly receiver: string;
  readonly notification: Notification;
}

/** A letter as it lies in the outbox. */
export interface PendingLetter extends Letter {
  readonly seq: number;
  /** Attempts that were made. */
  readonly attempts: number;
  /** Not to be tried again before, Unix milliseconds. */
  readonly dueAtMs: number;
}

interface Row {
  readonly seq: number;
  readonly receiver: string;
  readonly attempts: number;
  readonly due_at_ms: number;
  readonly body: string;
}

export class Outbox {
  readonly #db: StoreDatabase;

  constructor(db: StoreDatabase) {
    this.#db = db;
  }

  /** Within the transaction of what is told, if there is one. */
  add(letters: readonly Letter[]): void {
    const insert = this.#db.prepare('INSERT INTO outbox (receiver, body) VALUES (?, ?)');
    for (const { receiver, notification } of letters) {
      insert.run(receiver, JSON.stringify(notification));
    }
  }

  /** The oldest for a receiver, due or not. */
  next(receiver: string): PendingLetter | null {
    const row = this.#db
      .prepare('SELECT * FROM outbox WHERE receiver = ? ORDER BY seq LIMIT 1')
      .get(receiver) as Row | undefined;
    if (row === undefined) return null;
    const { seq, attempts, due_at_ms: dueAtMs, body } = row;
    return { seq, receiver, attempts, dueAtMs, notification: JSON.parse(body) as Notification };
  }

  /** After an attempt that failed. */
  postpone(seq: number, dueAtMs: number): void {
    this.#db
      .prepare('UPDATE outbox SET attempts = attempts + 1, due_at_ms = ? WHERE seq = ?')
      .run(dueAtMs, seq);
  }

  /** It has arrived, or is given up. */
  remove(seq: number): void {
    this.#db.prepare('DELETE FROM outbox WHERE seq = ?').run(seq);
  }

  count(receiver: string): number {
    const row = this.#db
      .prepare('SELECT count(*) AS count FROM outbox WHERE receiver = ?')
      .get(receiver) as { count: number };
    return row.count;
  }

  /** Drops the oldest beyond the newest `max` for a receiver; says how many. */
  trim(receiver: string, max: number): number {
    const { changes } = this.#db
      .prepare(
        `DELETE FROM outbox WHERE receiver = ?1 AND seq NOT IN
           (SELECT seq FROM outbox WHERE receiver = ?1 ORDER BY seq DESC LIMIT ?2)`,
      )
      .run(receiver, max);
    return changes;
  }

  /** Drops what is for nobody of these; says how many. */
  keepOnly(receivers: readonly string[]): number {
    const { changes } = this.#db
      .prepare('DELETE FROM outbox WHERE receiver NOT IN (SELECT value FROM json_each(?))')
      .run(JSON.stringify(receivers));
    return changes;
  }
}
