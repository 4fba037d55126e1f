/** What became of each time of each schedule, in the orchestrator's database. */
import type { StoreDatabase } from './database.js';

/** What became of a schedule's time. */
export type SlotOutcome =
  /** A run was begun. */
  | 'started'
  /** It waits until a service is free. */
  | 'queued'
  /** A service was not free. */
  | 'skipped'
  /** A freeze held it. */
  | 'held'
  /** Nothing began it in time. */
  | 'missed';

export interface SlotEntry {
  readonly schedule: string;
  /** Cron's time; of a run that was started by hand, when that was. Unix milliseconds. */
  readonly slotMs: number;
  /** When it was decided. */
  readonly atMs: number;
  readonly outcome: SlotOutcome;
  readonly reason: string;
  /** Null unless a run was begun. */
  readonly runId: string | null;
}

/** How far a schedule's times have been dealt with. */
export interface Cursor {
  readonly atMs: number;
  /** Cron expression and zone: of another one the times have not been dealt with. */
  readonly times: string;
}

/** So many entries of a schedule are kept. */
const MAX_ENTRIES = 200;

interface EntryRow {
  readonly schedule: string;
  readonly slot_ms: number;
  readonly at_ms: number;
  readonly outcome: SlotOutcome;
  readonly reason: string;
  readonly run_id: string | null;
}

export class ScheduleStore {
  readonly #db: StoreDatabase;

  constructor(db: StoreDatabase) {
    this.#db = db;
  }

  cursor(schedule: string): Cursor | null {
    const row = this.#db
      .prepare('SELECT at_ms, times FROM schedules WHERE name = ?')
      .get(schedule) as { at_ms: number; times: string } | undefined;
    return row === undefined ? null : { atMs: row.at_ms, times: row.times };
  }

  moveCursor(schedule: string, { atMs, times }: Cursor): void {
    this.#db
      .prepare(
        `INSERT INTO schedules (name, at_ms, times) VALUES (?, ?, ?)
         ON CONFLICT (name) DO UPDATE SET at_ms = excluded.at_ms, times = excluded.times`,
      )
      .run(schedule, atMs, times);
  }

  /** Writes what became of a time, or what became of it in the end. */
  record(entry: SlotEntry): void {
    const { schedule, slotMs, atMs, outcome, reason, runId } = entry;
    this.#db.transaction(() => {
      this.#db
        .prepare(
          `INSERT OR REPLACE INTO schedule_entries (schedule, slot_ms, at_ms, outcome, reason, run_id)
           VALUES (?, ?, ?, ?, ?, ?)`,
        )
        .run(schedule, slotMs, atMs, outcome, reason, runId);
      this.#db
        .prepare(
          `DELETE FROM schedule_entries WHERE schedule = ?1 AND slot_ms NOT IN
             (SELECT slot_ms FROM schedule_entries WHERE schedule = ?1
              ORDER BY slot_ms DESC LIMIT ${MAX_ENTRIES})`,
        )
        .run(schedule);
    })();
  }

  /** The newest first, of one schedule or of all. */
  entries(schedule: string | null, limit: number): readonly SlotEntry[] {
    const rows = this.#db
      .prepare(
        `SELECT * FROM schedule_entries WHERE ?1 IS NULL OR schedule = ?1
         ORDER BY slot_ms DESC LIMIT ?2`,
      )
      .all(schedule, limit) as EntryRow[];
    return rows.map((row) => ({
      schedule: row.schedule,
      slotMs: row.slot_ms,
      atMs: row.at_ms,
      outcome: row.outcome,
      reason: row.reason,
      runId: row.run_id,
    }));
  }
}
