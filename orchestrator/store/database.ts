/** The tables of the orchestrator's SQLite file, and how they came to be. */
import { openStateFile, type StateFile } from '../../common/state-file.js';

const MIGRATIONS = [
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
  `CREATE TABLE forgotten_rollouts (
     service TEXT NOT NULL,
     phase TEXT NOT NULL,
     count INTEGER NOT NULL,
     PRIMARY KEY (service, phase)
   );
   CREATE TRIGGER rollout_forgotten AFTER DELETE ON rollouts BEGIN
     INSERT INTO forgotten_rollouts VALUES (OLD.service, OLD.phase, 1)
     ON CONFLICT (service, phase) DO UPDATE SET count = count + 1;
   END;`,
];

export type StoreDatabase = StateFile;

/**
 * Opens (or creates, readable by its owner only) the database file.
 * @throws Error when the file is no database, or was written by a newer version of the program.
 */
export function openDatabase(file: string): StoreDatabase {
  const owner = 'canary-orchestrator';
  return openStateFile(file, { owner, migrations: MIGRATIONS, synchronous: 'FULL' });
}
