/**
 * The only writer of the orchestrator's memory: rollouts, their transitions with reasons, the
 * actions taken, and the evidence that was seen.
 *
 * 1. A write has reached the disk when the method returns.
 * 2. At most one rollout of a service is under way (the database refuses a second).
 * 3. Specs hold environments: `body` of a rollout is for the program only and is never shown.
 */
import type { Phase } from '../rollout/phase.js';
import type { Action, ActionOutcome } from '../rollout/decision.js';
import type { Rollout } from '../rollout/rollout.js';
import type { Assessment, EvidenceEvent } from '../judge/types.js';
import type { MonitorCursor } from '../monitor/cursor.js';
import type { MadeRelease } from '../release/prune.js';
import type { PreparationRecord } from '../release/record.js';
import { closeStateFile, versionOf } from '../../common/state-file.js';
import { openDatabase, type StoreDatabase } from './database.js';
import { Outbox, type Letter } from './outbox.js';
import { Pruning } from './pruning.js';
import { RunStore } from './run-store.js';
import { ScheduleStore } from './schedule-store.js';

/** One move of a rollout, as history tells it. */
export interface Transition {
  readonly seq: number;
  readonly atMs: number;
  readonly from: string;
  readonly to: string;
  readonly stage: string | null;
  readonly reason: string;
  /** What the judge said at that moment, with its numbers. */
  readonly assessment: Assessment | null;
}

export interface TransitionEntry {
  readonly atMs: number;
  readonly from: Phase;
  readonly to: Phase;
  readonly reason: string;
  readonly assessment: Assessment | null;
}

/** Rollouts of a service that ended in a phase. */
export interface ForgottenRollouts {
  readonly service: string;
  readonly phase: string;
  readonly count: number;
}

/** A move from one phase to another. */
export interface StoredMove {
  /** Later moves have higher numbers. */
  readonly number: number;
  readonly service: string;
  readonly from: string;
  readonly to: string;
  /** When `from` was entered. */
  readonly sinceMs: number;
  readonly atMs: number;
  /** When its rollout was started. */
  readonly startedAtMs: number;
}

/** A release's preparation, and whether its folder was removed since. */
export interface StoredPreparation {
  readonly record: PreparationRecord;
  readonly removed: boolean;
}

interface BodyRow {
  readonly body: string;
}

interface TransitionRow {
  readonly seq: number;
  readonly at_ms: number;
  readonly from_phase: string;
  readonly to_phase: string;
  readonly stage: string | null;
  readonly reason: string;
  readonly assessment: string | null;
}

export class Store {
  /** Notifications that are to be sent. */
  readonly outbox: Outbox;
  readonly runs: RunStore;
  readonly schedules: ScheduleStore;
  readonly pruning: Pruning;
  readonly #db: StoreDatabase;
  readonly #version: number;

  private constructor(db: StoreDatabase) {
    this.#db = db;
    this.#version = versionOf(db);
    this.outbox = new Outbox(db);
    this.runs = new RunStore(db);
    this.schedules = new ScheduleStore(db);
    this.pruning = new Pruning(db);
  }

  /** @throws Error when the file cannot be opened or is newer than this program. */
  static open(file: string): Store {
    return new Store(openDatabase(file));
  }

  close(): void {
    closeStateFile(this.#db);
  }

  /** Whether the file can be written now: it is, with what it says already. */
  isWritable(): boolean {
    try {
      this.#db.exec(`PRAGMA user_version = ${this.#version}`);
      return true;
    } catch {
      return false;
    }
  }

  /** The number that the service's next rollout gets, from 1. */
  nextNumber(service: string): number {
    const row = this.#db
      .prepare('SELECT coalesce(max(number), 0) + 1 AS next FROM rollouts WHERE service = ?')
      .get(service) as { next: number };
    return row.next;
  }

  /**
   * Stores a new rollout and what is told of it, in one step.
   * @throws Error when a rollout of the service is under way: ask `active` first.
   */
  insert(rollout: Rollout, number: number, letters: readonly Letter[] = []): void {
    this.#db.transaction(() => {
      this.#insertRollout(rollout, number);
      this.outbox.add(letters);
    })();
  }

  #insertRollout(rollout: Rollout, number: number): void {
    this.#db
      .prepare(
        `INSERT INTO rollouts (id, service, number, phase, started_at_ms, ended_at_ms, body)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        rollout.id,
        rollout.service,
        number,
        rollout.phase.kind,
        rollout.startedAtMs,
        rollout.endedAtMs,
        JSON.stringify(rollout),
      );
  }

  /** Stores the rollout as it is now, the transition that led there, and what is told of it, in one step. */
  update(
    rollout: Rollout,
    transition: TransitionEntry | null = null,
    letters: readonly Letter[] = [],
  ): void {
    this.#db.transaction(() => {
      this.#db
        .prepare('UPDATE rollouts SET phase = ?, ended_at_ms = ?, body = ? WHERE id = ?')
        .run(rollout.phase.kind, rollout.endedAtMs, JSON.stringify(rollout), rollout.id);
      if (transition !== null) this.#insertTransition(rollout.id, transition);
      this.outbox.add(letters);
    })();
  }

  #insertTransition(rolloutId: string, entry: TransitionEntry): void {
    this.#db
      .prepare(
        `INSERT INTO transitions (rollout_id, seq, at_ms, from_phase, to_phase, stage, reason, assessment)
         SELECT ?, coalesce(max(seq), 0) + 1, ?, ?, ?, ?, ?, ? FROM transitions WHERE rollout_id = ?`,
      )
      .run(
        rolloutId,
        entry.atMs,
        entry.from.kind,
        entry.to.kind,
        'stage' in entry.to ? entry.to.stage : null,
        entry.reason,
        entry.assessment === null ? null : JSON.stringify(entry.assessment),
        rolloutId,
      );
  }

  /** Stores the intent before an action is taken; the number is for `recordOutcome`. */
  recordIntent(rolloutId: string, atMs: number, action: Action): number {
    const { seq } = this.#db
      .prepare('SELECT coalesce(max(seq), 0) + 1 AS seq FROM actions WHERE rollout_id = ?')
      .get(rolloutId) as { seq: number };
    this.#db
      .prepare('INSERT INTO actions (rollout_id, seq, at_ms, action) VALUES (?, ?, ?, ?)')
      .run(rolloutId, seq, atMs, JSON.stringify(action));
    return seq;
  }

  recordOutcome(rolloutId: string, seq: number, outcome: ActionOutcome): void {
    this.#db
      .prepare('UPDATE actions SET outcome = ? WHERE rollout_id = ? AND seq = ?')
      .run(outcome.done ? 'done' : outcome.reason, rolloutId, seq);
  }

  /** Appends what was seen, in order, and how far its sources have been read, in one step. */
  addEvidence(rolloutId: string, events: readonly EvidenceEvent[], cursor: MonitorCursor): void {
    this.#db.transaction(() => {
      const { last } = this.#db
        .prepare('SELECT coalesce(max(seq), 0) AS last FROM evidence WHERE rollout_id = ?')
        .get(rolloutId) as { last: number };
      const insert = this.#db.prepare(
        'INSERT INTO evidence (rollout_id, seq, body) VALUES (?, ?, ?)',
      );
      for (const [index, event] of events.entries()) {
        insert.run(rolloutId, last + 1 + index, JSON.stringify(event));
      }
      this.#db
        .prepare(
          `INSERT INTO cursors (rollout_id, body) VALUES (?, ?)
           ON CONFLICT (rollout_id) DO UPDATE SET body = excluded.body`,
        )
        .run(rolloutId, JSON.stringify(cursor));
    })();
  }

  /** How far the sources of a rollout's evidence have been read; null before the first time. */
  cursor(rolloutId: string): MonitorCursor | null {
    const row = this.#db.prepare('SELECT body FROM cursors WHERE rollout_id = ?').get(rolloutId);
    return row === undefined ? null : (JSON.parse((row as BodyRow).body) as MonitorCursor);
  }

  /** All that was seen in a rollout, in order. */
  *evidence(rolloutId: string): Generator<EvidenceEvent> {
    const rows = this.#db
      .prepare('SELECT body FROM evidence WHERE rollout_id = ? ORDER BY seq')
      .iterate(rolloutId) as IterableIterator<BodyRow>;
    for (const row of rows) yield JSON.parse(row.body) as EvidenceEvent;
  }

  /** The calls that the canary of a rollout ended. */
  canaryCalls(rolloutId: string): number {
    const row = this.#db
      .prepare(
        `SELECT count(*) AS calls FROM evidence WHERE rollout_id = ?
         AND json_extract(body, '$.type') = 'call' AND json_extract(body, '$.track') = 'canary'`,
      )
      .get(rolloutId) as { calls: number };
    return row.calls;
  }

  /** At most `limit` events after the one with the number `after` (0: from the first), with their numbers. */
  evidencePage(
    rolloutId: string,
    after: number,
    limit: number,
  ): readonly { readonly seq: number; readonly event: EvidenceEvent }[] {
    const rows = this.#db
      .prepare(
        'SELECT seq, body FROM evidence WHERE rollout_id = ? AND seq > ? ORDER BY seq LIMIT ?',
      )
      .all(rolloutId, after, limit) as (BodyRow & { readonly seq: number })[];
    return rows.map(({ seq, body }) => ({ seq, event: JSON.parse(body) as EvidenceEvent }));
  }

  /** Stores how far a rollout's release is, and that its folder is this program's. */
  savePreparation(rolloutId: string, dir: string, record: PreparationRecord): void {
    this.#db
      .prepare(
        `INSERT INTO preparations (rollout_id, dir, body) VALUES (?, ?, ?)
         ON CONFLICT (rollout_id) DO UPDATE SET body = excluded.body`,
      )
      .run(rolloutId, dir, JSON.stringify(record));
  }

  /** Null: the rollout has not begun to make a release. */
  preparation(rolloutId: string): StoredPreparation | null {
    const row = this.#db
      .prepare('SELECT body, removed_at_ms AS removed FROM preparations WHERE rollout_id = ?')
      .get(rolloutId) as (BodyRow & { readonly removed: number | null }) | undefined;
    if (row === undefined) return null;
    return { record: JSON.parse(row.body) as PreparationRecord, removed: row.removed !== null };
  }

  /** The folders that a service's ended rollouts have made and that are not removed yet, newest first. */
  madeReleases(service: string): readonly MadeRelease[] {
    const rows = this.#db
      .prepare(
        `SELECT rollout_id AS rolloutId, dir, phase FROM preparations
         JOIN rollouts ON rollouts.id = rollout_id
         WHERE service = ? AND ended_at_ms IS NOT NULL AND removed_at_ms IS NULL
         ORDER BY number DESC`,
      )
      .all(service) as { rolloutId: string; dir: string; phase: string }[];
    return rows.map(({ rolloutId, dir, phase }) => {
      return { rolloutId, dir, promoted: phase === 'promoted' };
    });
  }

  /** Stores that a rollout's folder has been removed. */
  releaseRemoved(rolloutId: string, atMs: number): void {
    this.#db
      .prepare('UPDATE preparations SET removed_at_ms = ? WHERE rollout_id = ?')
      .run(atMs, rolloutId);
  }

  /** The rollouts that are under way, at most one a service. */
  active(): readonly Rollout[] {
    const rows = this.#db
      .prepare('SELECT body FROM rollouts WHERE ended_at_ms IS NULL ORDER BY started_at_ms')
      .all() as BodyRow[];
    return rows.map(parseRollout);
  }

  /** The newest rollouts first, of one service or of all. */
  recent(service: string | null, limit: number): readonly Rollout[] {
    const rows = this.#db
      .prepare(
        `SELECT body FROM rollouts WHERE ?1 IS NULL OR service = ?1
         ORDER BY started_at_ms DESC, number DESC LIMIT ?2`,
      )
      .all(service, limit) as BodyRow[];
    return rows.map(parseRollout);
  }

  /** What main was given last; null: nothing yet. */
  lastPromoted(service: string): Rollout | null {
    const row = this.#db
      .prepare(
        `SELECT body FROM rollouts WHERE service = ? AND phase = 'promoted'
         ORDER BY number DESC LIMIT 1`,
      )
      .get(service);
    return row === undefined ? null : parseRollout(row as BodyRow);
  }

  byId(id: string): Rollout | null {
    const row = this.#db.prepare('SELECT body FROM rollouts WHERE id = ?').get(id);
    return row === undefined ? null : parseRollout(row as BodyRow);
  }

  /** How many ended rollouts are no longer kept, by service and the phase that they ended in. */
  forgottenRollouts(): readonly ForgottenRollouts[] {
    return this.#db
      .prepare('SELECT service, phase, count FROM forgotten_rollouts')
      .all() as ForgottenRollouts[];
  }

  /** At most `limit` moves of all rollouts after the one with the number `after`, in order. */
  movesAfter(after: number, limit: number): readonly StoredMove[] {
    return this.#db
      .prepare(
        `SELECT t.rowid AS number, r.service, t.from_phase AS "from", t.to_phase AS "to",
           t.at_ms AS atMs, r.started_at_ms AS startedAtMs,
           coalesce((SELECT max(p.at_ms) FROM transitions AS p WHERE p.rollout_id = t.rollout_id
             AND p.seq < t.seq AND p.from_phase <> p.to_phase), r.started_at_ms) AS sinceMs
         FROM transitions AS t JOIN rollouts AS r ON r.id = t.rollout_id
         WHERE t.rowid > ? AND t.from_phase <> t.to_phase ORDER BY t.rowid LIMIT ?`,
      )
      .all(after, limit) as StoredMove[];
  }

  transitions(rolloutId: string): readonly Transition[] {
    const rows = this.#db
      .prepare('SELECT * FROM transitions WHERE rollout_id = ? ORDER BY seq')
      .all(rolloutId) as TransitionRow[];
    return rows.map((row) => ({
      seq: row.seq,
      atMs: row.at_ms,
      from: row.from_phase,
      to: row.to_phase,
      stage: row.stage,
      reason: row.reason,
      assessment: row.assessment === null ? null : (JSON.parse(row.assessment) as Assessment),
    }));
  }
}

/** Rollouts of an older program have no `release` and no `startedBy`. */
function parseRollout({ body }: BodyRow): Rollout {
  const stored = JSON.parse(body) as Omit<Rollout, 'release' | 'startedBy'> & Partial<Rollout>;
  return { ...stored, release: stored.release ?? null, startedBy: stored.startedBy ?? 'a person' };
}
