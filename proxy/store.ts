/**
 * The proxy's memory across restarts: routes and sessions in SQLite. The only file that speaks to
 * the database.
 *
 * 1. A route is stored before it is answered; a session before its client learns its id. Where the
 *    disk takes nothing, agents are served all the same, and all is stored as soon as it can be.
 * 2. WAL with synchronous=NORMAL: a SIGKILL of the proxy loses nothing, a power cut at most the
 *    last moments.
 */
import { randomBytes } from 'node:crypto';
import type Database from 'libsql';
import type { Logger } from '../common/log.js';
import { messageOf } from '../common/message-of.js';
import { routeSchema, TRACKS, type Route, type Track } from '../common/protocol.js';
import { closeStateFile, openStateFile, type StateFile } from '../common/state-file.js';
import { storedJson } from './stored-json.js';

const MIGRATIONS = [
  `
  CREATE TABLE route (service TEXT PRIMARY KEY, route TEXT NOT NULL) STRICT;
  CREATE TABLE session (
    id TEXT PRIMARY KEY,
    service TEXT NOT NULL,
    kind TEXT NOT NULL,
    label TEXT NOT NULL,
    track TEXT NOT NULL,
    upstream_id TEXT,
    generation INTEGER NOT NULL,
    initialize BLOB,
    negotiated TEXT,
    initialized INTEGER NOT NULL,
    restore TEXT NOT NULL,
    used_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX session_service ON session (service);
`,
  `
  ALTER TABLE session ADD COLUMN client TEXT;
  CREATE TABLE salt (hex TEXT NOT NULL) STRICT;
`,
  `
  CREATE TABLE unanswered (
    session TEXT NOT NULL,
    id TEXT NOT NULL,
    body BLOB,
    PRIMARY KEY (session, id)
  ) STRICT, WITHOUT ROWID;
`,
];
const SALT_BYTES = 16;

export type SessionKind = 'streamable' | 'sse';

/** A session as it is stored. */
export interface StoredSession {
  readonly id: string;
  readonly service: string;
  readonly kind: SessionKind;
  readonly label: string;
  readonly track: Track;
  readonly upstreamId: string | null;
  readonly generation: number;
  /** The client's `initialize` request, as it came. */
  readonly initialize: Buffer | null;
  /** JSON of what was negotiated. */
  readonly negotiated: string | null;
  readonly initialized: boolean;
  /** JSON of the requests that rebuild the session's state elsewhere. */
  readonly restore: string;
  readonly usedAtMs: number;
  /** A salted key of the client's address, agent and credentials; null when it is not needed. */
  readonly client: string | null;
}

/** A request in a legacy session whose answer its client has not been given. */
export interface StoredCall {
  readonly session: string;
  /** The JSON-RPC id, a raw token. */
  readonly id: string;
  /** Null when it must not be sent again. */
  readonly body: Buffer | null;
}

interface SessionRow {
  id: string;
  service: string;
  kind: SessionKind;
  label: string;
  track: string;
  upstream_id: string | null;
  generation: number;
  initialize: Buffer | null;
  negotiated: string | null;
  initialized: number;
  restore: string;
  used_at_ms: number;
  client: string | null;
}

/** What the store tells of its trouble. */
export type StoreLog = Pick<Logger, 'error' | 'info'>;

/** All that is kept of a service. */
export interface Snapshot {
  readonly route: Route;
  readonly sessions: Iterable<StoredSession>;
}

export class Store {
  private readonly putRoute: Database.Statement;
  private readonly putSession: Database.Statement;
  private readonly dropSession: Database.Statement;
  private readonly touchSession: Database.Statement;
  private readonly putCall: Database.Statement;
  private readonly dropCall: Database.Statement;

  private readonly db: StateFile;
  private readonly log: StoreLog;
  private failedWrites = 0;
  /** It has been told that something could not be stored. */
  private isBehind = false;

  private constructor(db: StateFile, log: StoreLog) {
    this.db = db;
    this.log = log;
    this.putRoute = db.prepare('INSERT OR REPLACE INTO route VALUES (?, ?)');
    this.putSession = db.prepare(
      'INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.dropSession = db.prepare('DELETE FROM session WHERE id = ?');
    this.touchSession = db.prepare('UPDATE session SET used_at_ms = ? WHERE id = ?');
    this.putCall = db.prepare('INSERT OR REPLACE INTO unanswered VALUES (?, ?, ?)');
    this.dropCall = db.prepare('DELETE FROM unanswered WHERE session = ? AND id = ?');
  }

  /**
   * Opens (or creates) the file: session ids are as good as passwords, so it is its owner's only. A
   * damaged one is kept aside: to serve agents with new sessions is better than not to serve them.
   * @throws Error when the file cannot be opened, or was written by a newer version of the program.
   */
  static open(file: string, log: StoreLog): Store {
    const owner = 'canary-proxy';
    const onDamaged = (kept: string, reason: string): void =>
      log.error({ kept, reason }, 'the sessions and routes are lost, and begin anew');
    const schema = { owner, migrations: MIGRATIONS, synchronous: 'NORMAL', onDamaged } as const;
    return new Store(openStateFile(file, schema), log);
  }

  /** What clients' keys are salted with: made once, so that the keys last. */
  get salt(): Buffer {
    const row = this.db.prepare('SELECT hex FROM salt').get() as { hex: string } | undefined;
    if (row !== undefined) return Buffer.from(row.hex, 'hex');
    const salt = randomBytes(SALT_BYTES);
    this.db.prepare('INSERT INTO salt VALUES (?)').run(salt.toString('hex'));
    return salt;
  }

  /** How many writes have failed: who sees it grow calls `catchUp`. */
  get failures(): number {
    return this.failedWrites;
  }

  /** Stores all of a service anew. False: it still cannot be stored. */
  catchUp(service: string, { route, sessions }: Snapshot): boolean {
    const before = this.failedWrites;
    this.saveRoute(service, route);
    // A disk that does not take so little is not tried with everything.
    if (this.failedWrites > before) return false;
    this.transaction(() => {
      this.db.prepare('DELETE FROM session WHERE service = ?').run(service);
      for (const session of sessions) this.writeSession(session);
    });
    if (this.failedWrites > before) return false;
    this.isBehind = false;
    this.log.info({ service }, 'sessions and routes are stored again');
    return true;
  }

  saveRoute(service: string, route: Route): void {
    this.attempt(() => this.putRoute.run(service, JSON.stringify(route)));
  }

  /** The service's last route, null when there is none that can be read. */
  loadRoute(service: string): Route | null {
    const row = this.db.prepare('SELECT route FROM route WHERE service = ?').get(service) as
      { route: string } | undefined;
    return row === undefined ? null : storedJson(routeSchema, row.route);
  }

  saveSession(session: StoredSession): void {
    this.attempt(() => this.writeSession(session));
  }

  private writeSession(session: StoredSession): void {
    this.putSession.run(
      session.id,
      session.service,
      session.kind,
      session.label,
      session.track,
      session.upstreamId,
      session.generation,
      session.initialize,
      session.negotiated,
      session.initialized ? 1 : 0,
      session.restore,
      session.usedAtMs,
      session.client,
    );
  }

  deleteSession(id: string): void {
    this.attempt(() => this.dropSession.run(id));
  }

  /** Stores when a session was last used. */
  touch(id: string, usedAtMs: number): void {
    this.attempt(() => this.touchSession.run(Math.round(usedAtMs), id));
  }

  saveCall({ session, id, body }: StoredCall): void {
    this.attempt(() => this.putCall.run(session, id, body));
  }

  deleteCall(session: string, id: string): void {
    this.attempt(() => this.dropCall.run(session, id));
  }

  /** The unanswered calls of the service's sessions. */
  loadCalls(service: string): StoredCall[] {
    const rows = this.db
      .prepare(
        'SELECT unanswered.* FROM unanswered JOIN session ON session.id = session WHERE service = ?',
      )
      .all(service) as { session: string; id: string; body: Buffer | null }[];
    return rows.map((row) => ({ ...row, body: row.body === null ? null : Buffer.from(row.body) }));
  }

  /**
   * Forgets what nobody can ask for any more: sessions, unused since `beforeMs`, of services that are
   * not among these, and calls of sessions that are gone.
   */
  forgetOthers(services: readonly string[], beforeMs: number): void {
    this.db
      .prepare(
        'DELETE FROM session WHERE used_at_ms < ? AND service NOT IN (SELECT value FROM json_each(?))',
      )
      .run(Math.round(beforeMs), JSON.stringify(services));
    this.db.exec('DELETE FROM unanswered WHERE session NOT IN (SELECT id FROM session)');
  }

  /** All that `work` writes is written at once, or not at all. */
  transaction(work: () => void): void {
    this.attempt(() => {
      this.db.exec('BEGIN');
      try {
        work();
        this.db.exec('COMMIT');
      } catch (error) {
        // SQLite has ended it by itself when the disk is full.
        if (this.db.inTransaction) this.db.exec('ROLLBACK');
        throw error;
      }
    });
  }

  /** A disk that takes nothing keeps nobody from being served: what was not written is counted. */
  private attempt(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.failedWrites += 1;
      if (this.isBehind) return;
      this.isBehind = true;
      const reason = messageOf(error);
      this.log.error({ reason }, 'sessions and routes cannot be stored: a restart would lose them');
    }
  }

  loadSessions(service: string): StoredSession[] {
    const rows = this.db
      .prepare('SELECT * FROM session WHERE service = ?')
      .all(service) as SessionRow[];
    return rows.flatMap((row) => {
      const track = TRACKS.find((name) => name === row.track);
      return track === undefined ? [] : [storedSession(row, track)];
    });
  }

  close(): void {
    closeStateFile(this.db);
  }
}

function storedSession(row: SessionRow, track: Track): StoredSession {
  return {
    id: row.id,
    service: row.service,
    kind: row.kind,
    label: row.label,
    track,
    upstreamId: row.upstream_id,
    generation: row.generation,
    initialize: row.initialize === null ? null : Buffer.from(row.initialize),
    negotiated: row.negotiated,
    initialized: row.initialized === 1,
    restore: row.restore,
    usedAtMs: row.used_at_ms,
    client: row.client,
  };
}
