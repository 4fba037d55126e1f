/** Runs of several services, in the orchestrator's database. Their bodies hold releases and are never shown. */
import type { Run } from '../runs/run.js';
import type { StoreDatabase } from './database.js';

interface BodyRow {
  readonly body: string;
}

export class RunStore {
  readonly #db: StoreDatabase;

  constructor(db: StoreDatabase) {
    this.#db = db;
  }

  /** The number that the next run gets, from 1. */
  nextNumber(): number {
    const row = this.#db.prepare('SELECT coalesce(max(number), 0) + 1 AS next FROM runs').get();
    return (row as { next: number }).next;
  }

  insert(run: Run, number: number): void {
    this.#db
      .prepare('INSERT INTO runs (id, number, ended_at_ms, body) VALUES (?, ?, ?, ?)')
      .run(run.id, number, run.endedAtMs, JSON.stringify(run));
  }

  update(run: Run): void {
    this.#db
      .prepare('UPDATE runs SET ended_at_ms = ?, body = ? WHERE id = ?')
      .run(run.endedAtMs, JSON.stringify(run), run.id);
  }

  byId(id: string): Run | null {
    const row = this.#db.prepare('SELECT body FROM runs WHERE id = ?').get(id);
    return row === undefined ? null : parseRun(row as BodyRow);
  }

  /** Those under way, the oldest first. */
  active(): readonly Run[] {
    const rows = this.#db
      .prepare('SELECT body FROM runs WHERE ended_at_ms IS NULL ORDER BY number')
      .all() as BodyRow[];
    return rows.map(parseRun);
  }

  /** The newest first. */
  recent(limit: number): readonly Run[] {
    const rows = this.#db
      .prepare('SELECT body FROM runs ORDER BY number DESC LIMIT ?')
      .all(limit) as BodyRow[];
    return rows.map(parseRun);
  }
}

function parseRun({ body }: BodyRow): Run {
  return JSON.parse(body) as Run;
}
