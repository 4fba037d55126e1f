/** Opens the orchestrator's SQLite file and brings its tables to this program's version. */
import Database from 'libsql';
import { ensurePrivateFile } from '../../common/private-file.js';

/** One entry a version; each brings a database of the version before it up by one. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE rollouts (
     id TEXT PRIMARY KEY,
     service TEXT NOT NULL,
     number INTEGER NOT NULL,
     phase TEXT NOT NULL,
     started_at_ms INTEGER NOT NULL,
     ended_at_ms INTEGER,
     body TEXT NOT NULL,
     UNIQUE (service, number)
   );
   CREATE UNIQUE INDEX one_active_rollout ON rollouts (service) WHERE ended_at_ms IS NULL;
   CREATE TABLE transitions (
     rollout_id TEXT NOT NULL REFERENCES rollouts (id) ON DELETE CASCADE,
     seq INTEGER NOT NULL,
     at_ms INTEGER NOT NULL,
     from_phase TEXT NOT NULL,
     to_phase TEXT NOT NULL,
     stage TEXT,
     reason TEXT NOT NULL,
     assessment TEXT,
     PRIMARY KEY (rollout_id, seq)
   );
   CREATE TABLE actions (
     rollout_id TEXT NOT NULL REFERENCES rollouts (id) ON DELETE CASCADE,
     seq INTEGER NOT NULL,
     at_ms INTEGER NOT NULL,
     action TEXT NOT NULL,
     outcome TEXT,
     PRIMARY KEY (rollout_id, seq)
   );
   CREATE TABLE evidence (
     rollout_id TEXT NOT NULL REFERENCES rollouts (id) ON DELETE CASCADE,
     seq INTEGER NOT NULL,
     body TEXT NOT NULL,
     PRIMARY KEY (rollout_id, seq)
   ) WITHOUT ROWID;
   CREATE TABLE cursors (
     rollout_id TEXT PRIMARY KEY REFERENCES rollouts (id) ON DELETE CASCADE,
     body TEXT NOT NULL
   );`,
  `CREATE TABLE outbox (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     receiver TEXT NOT NULL,
     attempts INTEGER NOT NULL DEFAULT 0,
     due_at_ms INTEGER NOT NULL DEFAULT 0,
     body TEXT NOT NULL
   );
   CREATE INDEX outbox_of_receiver ON outbox (receiver, seq);`,
  `CREATE TABLE preparations (
     rollout_id TEXT PRIMARY KEY REFERENCES rollouts (id) ON DELETE CASCADE,
     dir TEXT NOT NULL,
     removed_at_ms INTEGER,
     body TEXT NOT NULL
   );`,
  `CREATE TABLE runs (
     id TEXT PRIMARY KEY,
     number INTEGER NOT NULL UNIQUE,
     ended_at_ms INTEGER,
     body TEXT NOT NULL
   );
   CREATE TABLE schedules (
     name TEXT PRIMARY KEY,
     at_ms INTEGER NOT NULL,
     times TEXT NOT NULL
   );
   CREATE TABLE schedule_entries (
     schedule TEXT NOT NULL,
     slot_ms INTEGER NOT NULL,
     at_ms INTEGER NOT NULL,
     outcome TEXT NOT NULL,
     reason TEXT NOT NULL,
     run_id TEXT,
     PRIMARY KEY (schedule, slot_ms)
   );`,
];

export type StoreDatabase = Database.Database;

/**
 * Opens (or creates, readable by its owner only) the database file.
 * @throws Error when the file is no database, or was written by a newer version of the program.
 */
export function openDatabase(file: string): StoreDatabase {
  ensurePrivateFile(file);
  const db = new Database(file);
  db.exec('PRAGMA journal_mode = WAL');
  db.exec('PRAGMA synchronous = FULL');
  db.exec('PRAGMA foreign_keys = ON');
  db.exec('PRAGMA busy_timeout = 2000');
  migrate(db, file);
  return db;
}

function migrate(db: StoreDatabase, file: string): void {
  const { user_version: found } = db.prepare('PRAGMA user_version').get() as {
    user_version: number;
  };
  if (found > MIGRATIONS.length) {
    db.close();
    throw new Error(
      `${file} was written by a newer version of this program (schema ${found}), this one knows up to ${MIGRATIONS.length}`,
    );
  }
  for (const [index, sql] of MIGRATIONS.entries()) {
    if (index >= found) db.exec(`BEGIN; ${sql} PRAGMA user_version = ${index + 1}; COMMIT;`);
  }
}
