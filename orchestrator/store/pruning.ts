/**
 * Forgets rollouts that have ended, in steps that each take no more than some milliseconds.
 *
 * 1. What is under way is never touched. Of each service the newest rollout is kept, and the one that
 *    main was given last; so is one whose release folder still stands.
 * 2. Evidence goes whole: a rollout without its cursor is one whose evidence is being forgotten, also
 *    after a restart.
 * 3. Steps are not flushed to the disk one by one (`synchronous = NORMAL`): what a power cut brings
 *    back is forgotten again.
 */
import type { Retention } from '../../config/processes.js';
import type { StoreDatabase } from './database.js';

/** Rows that one step deletes at most. */
export const MAX_ROWS_PER_STEP = 200;

/** Ended rollouts that nothing needs any more. */
const EXPENDABLE = `ended_at_ms IS NOT NULL
  AND number < (SELECT max(number) FROM rollouts newest WHERE newest.service = rollouts.service)
  AND number IS NOT (SELECT max(number) FROM rollouts given
    WHERE given.service = rollouts.service AND given.phase = 'promoted')
  AND NOT EXISTS (SELECT 1 FROM preparations
    WHERE rollout_id = rollouts.id AND removed_at_ms IS NULL)`;
const HAS_EVIDENCE = 'EXISTS (SELECT 1 FROM evidence WHERE rollout_id = rollouts.id)';
const HAS_CURSOR = 'EXISTS (SELECT 1 FROM cursors WHERE rollout_id = rollouts.id)';

export class Pruning {
  readonly #db: StoreDatabase;

  constructor(db: StoreDatabase) {
    this.#db = db;
  }

  /** Bytes that the database's rows take; the file keeps what was freed, for later ones. */
  get usedBytes(): number {
    const [pages, free, size] = ['page_count', 'freelist_count', 'page_size'].map((name) => {
      const row = this.#db.prepare(`PRAGMA ${name}`).get() as Readonly<Record<string, number>>;
      return row[name] ?? 0;
    });
    return ((pages ?? 0) - (free ?? 0)) * (size ?? 0);
  }

  /** One small step; false when there is nothing to forget. */
  step(nowMs: number, { maxAgeMs, maxSizeBytes }: Retention): boolean {
    this.#db.exec('PRAGMA synchronous = NORMAL');
    try {
      return (
        this.#goOn() || this.#forgetOlder(nowMs - maxAgeMs) || this.#forgetBeyond(maxSizeBytes)
      );
    } finally {
      this.#db.exec('PRAGMA synchronous = FULL');
    }
  }

  /** Evidence that is being forgotten. */
  #goOn(): boolean {
    const id = this.#oldest(`ended_at_ms IS NOT NULL AND NOT ${HAS_CURSOR} AND ${HAS_EVIDENCE}`);
    return id !== null && this.#deleteSome('evidence', id);
  }

  #forgetOlder(beforeMs: number): boolean {
    const id = this.#oldest(`${EXPENDABLE} AND ended_at_ms < ?`, beforeMs);
    if (id !== null) return this.#forget(id);
    const { changes } = this.#db
      .prepare(
        `DELETE FROM runs WHERE id IN (SELECT id FROM runs WHERE ended_at_ms < ?
           AND number < (SELECT max(number) FROM runs) LIMIT ${MAX_ROWS_PER_STEP})`,
      )
      .run(beforeMs);
    return changes > 0;
  }

  #forgetBeyond(maxBytes: number): boolean {
    if (this.usedBytes <= maxBytes) return false;
    const withEvidence = this.#oldest(
      `ended_at_ms IS NOT NULL AND ${HAS_CURSOR} AND ${HAS_EVIDENCE}`,
    );
    if (withEvidence !== null) return this.#dropCursor(withEvidence);
    const id = this.#oldest(EXPENDABLE);
    return id !== null && this.#forget(id);
  }

  /** The rollout, a part at a time; its moves go with it. */
  #forget(id: string): boolean {
    return (
      this.#dropCursor(id) ||
      this.#deleteSome('evidence', id) ||
      this.#deleteSome('actions', id) ||
      this.#db.prepare('DELETE FROM rollouts WHERE id = ?').run(id).changes > 0
    );
  }

  #dropCursor(id: string): boolean {
    return this.#db.prepare('DELETE FROM cursors WHERE rollout_id = ?').run(id).changes > 0;
  }

  #deleteSome(table: 'evidence' | 'actions', id: string): boolean {
    const { changes } = this.#db
      .prepare(
        `DELETE FROM ${table} WHERE rollout_id = ?1 AND seq IN
           (SELECT seq FROM ${table} WHERE rollout_id = ?1 ORDER BY seq LIMIT ${MAX_ROWS_PER_STEP})`,
      )
      .run(id);
    return changes > 0;
  }

  #oldest(condition: string, ...values: readonly number[]): string | null {
    const row = this.#db
      .prepare(`SELECT id FROM rollouts WHERE ${condition} ORDER BY ended_at_ms LIMIT 1`)
      .get(...values) as { id: string } | undefined;
    return row?.id ?? null;
  }
}
