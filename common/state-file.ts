/**
 * Opens the SQLite files of the state folder and brings their tables to this program's version.
 *
 * 1. `PRAGMA user_version` counts the migrations that a file has had.
 * 2. Migrations run in one transaction: a file is of the old version or of this one.
 * 3. What is migrated is kept beside it as it was (`rollouts.db.schema-3`), for the way back.
 * 4. A file of a newer program is refused as it stands.
 * 5. One process has a file, and nobody else: the index of the WAL is in its memory. As a mapped file
 *    (`-shm`) it would end the process with SIGBUS where the file system turns read-only.
 * 6. A damaged file is refused, or kept beside a new one (`proxy.db.damaged`): as its owner wants.
 */
import { existsSync, renameSync, rmSync } from 'node:fs';
import Database from 'libsql';
import { messageOf } from './message-of.js';
import { packageVersion } from './package.js';
import { ensurePrivateFile } from './private-file.js';

export type StateFile = Database.Database;

/** What a process keeps in its file. */
export interface Schema {
  /** The process that owns the file, as it is called in messages. */
  readonly owner: string;
  /** One entry a version; each brings a file of the version before it up by one. Never edited. */
  readonly migrations: readonly string[];
  /** `FULL`: a write is on the disk when it returns. `NORMAL`: a power cut may take the last ones. */
  readonly synchronous: 'FULL' | 'NORMAL';
  /**
   * Its owner would rather begin anew than not run: a damaged file is moved away, and this is told
   * where it went. Without it, a damaged file is refused.
   */
  readonly onDamaged?: (kept: string, reason: string) => void;
}

/** A predecessor that gives way has let go of the file by then. */
const BUSY_TIMEOUT_MS = 20_000;

/** SQLite's words for a file that is no database, or not a whole one. */
const DAMAGES: readonly unknown[] = ['SQLITE_NOTADB', 'SQLITE_CORRUPT', 'SQLITE_IOERR_SHORT_READ'];

/**
 * Opens (or creates, readable by its owner only) a file.
 * @throws Error when it is no database, or was written by a newer version of the program.
 */
export function openStateFile(file: string, schema: Schema): StateFile {
  try {
    return openSound(file, schema);
  } catch (error) {
    const { onDamaged } = schema;
    const { cause, message } = error as Error;
    if (onDamaged === undefined || !DAMAGES.includes(codeOf(cause))) throw error;
    const kept = `${file}.damaged`;
    for (const suffix of ['', '-wal', '-shm']) {
      if (existsSync(file + suffix)) renameSync(file + suffix, kept + suffix);
      else rmSync(kept + suffix, { force: true });
    }
    onDamaged(kept, message);
    return openSound(file, schema);
  }
}

/** Closes a file so that it can be opened again at once, by this process too. */
export function closeStateFile(db: StateFile): void {
  try {
    // libsql gives up a connection, and its lock, only when its statements are collected.
    db.exec('PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL');
    db.prepare('SELECT 1 FROM sqlite_schema').get();
  } catch {
    // On a full disk the WAL stays, and is read at the next start.
  }
  db.close();
}

function codeOf(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined;
}

function openSound(file: string, schema: Schema): StateFile {
  ensurePrivateFile(file);
  const db = new Database(file);
  try {
    db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    // Before the file is read for the first time: SQLite then makes no `-shm`.
    db.exec('PRAGMA locking_mode = EXCLUSIVE');
    const found = versionOf(db);
    if (found > schema.migrations.length) throw new Error(newerThan(schema, found, file));
    db.exec('PRAGMA journal_mode = WAL');
    db.exec(`PRAGMA synchronous = ${schema.synchronous}`);
    db.exec('PRAGMA foreign_keys = ON');
    if (schema.onDamaged !== undefined) mustBeWhole(db);
    if (found > 0 && found < schema.migrations.length) keepAsItWas(db, keptFile(file, found));
    migrate(db, found, schema.migrations);
    return db;
  } catch (error) {
    closeStateFile(db);
    const reason = messageOf(error);
    throw new Error(`cannot use ${file}: ${reason}`, { cause: error });
  }
}

/** @throws SqliteError when a part of the file is missing or cannot be read. */
function mustBeWhole(db: StateFile): void {
  const [found] = db.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[];
  if (found?.quick_check === 'ok') return;
  throw Object.assign(new Error(found?.quick_check), { code: 'SQLITE_CORRUPT' });
}

/** How many migrations the file has had. */
export function versionOf(db: StateFile): number {
  return (db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
}

function newerThan({ owner, migrations }: Schema, found: number, file: string): string {
  const kept = keptFile(file, migrations.length);
  const back = existsSync(kept) ? `put ${kept} in its place` : 'move it away to begin anew';
  return (
    `it has schema version ${found}, of a newer program, and ${owner} ${packageVersion()} knows ` +
    `up to ${migrations.length}: run the newer program again, or ${back}`
  );
}

function keptFile(file: string, version: number): string {
  return `${file}.schema-${version}`;
}

/** A copy of an earlier try is replaced: a migration that failed has changed nothing. */
function keepAsItWas(db: StateFile, kept: string): void {
  rmSync(kept, { force: true });
  ensurePrivateFile(kept);
  db.prepare('VACUUM INTO ?').run(kept);
}

function migrate(db: StateFile, found: number, migrations: readonly string[]): void {
  if (found === migrations.length) return;
  const steps = migrations.slice(found).join('\n');
  try {
    db.exec(`BEGIN IMMEDIATE; ${steps} PRAGMA user_version = ${migrations.length}; COMMIT;`);
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
