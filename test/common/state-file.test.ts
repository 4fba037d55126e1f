/**
 * Files as older programs left them: `test/fixtures/state/NAME-V.sql` is what version V added to a
 * file of version V - 1, with some of what it wrote. They are never edited.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeStateFile, openStateFile, type Schema } from '../../common/state-file.js';
import { Store as RolloutStore } from '../../orchestrator/store/store.js';
import { Store as ProxyStore } from '../../proxy/store.js';

const log = pino({ level: 'silent' });
const FIXTURES = join(import.meta.dirname, '../fixtures/state');

const FILES = [
  { name: 'rollouts', versions: 5, open: (file: string) => RolloutStore.open(file) },
  { name: 'proxy', versions: 3, open: (file: string) => ProxyStore.open(file, log) },
] as const;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'canary-state-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A file as the program of that version left it. */
function oldFile(name: string, version: number): string {
  const file = join(dir, `${name}.db`);
  const db = new Database(file);
  db.exec('PRAGMA synchronous = OFF');
  for (let v = 1; v <= version; v += 1) {
    db.exec(readFileSync(join(FIXTURES, `${name}-${v}.sql`), 'utf8'));
  }
  db.close();
  return file;
}

function rowsOf(file: string, sql: string): unknown[] {
  const db = new Database(file, { readonly: true });
  const rows = db.prepare(sql).all();
  db.close();
  return rows;
}

const tablesOf = (file: string): unknown[] =>
  rowsOf(file, 'SELECT type, name, tbl_name FROM sqlite_schema ORDER BY name');
const columnsOf = (file: string): unknown[] =>
  rowsOf(
    file,
    `SELECT t.name AS tab, c.* FROM sqlite_schema t, pragma_table_info(t.name) c
     WHERE t.type = 'table' ORDER BY t.name, c.cid`,
  );
const versionOf = (file: string): unknown => rowsOf(file, 'PRAGMA user_version')[0];

describe.each(FILES)('an old $name.db', ({ name, versions, open }) => {
  const olds = Array.from({ length: versions }, (_, i) => i + 1);
  let fresh: string;
  beforeEach(() => {
    fresh = join(dir, 'fresh.db');
    open(fresh).close();
  });

  it.each(olds)('of version %i gets the tables of a new one', (version) => {
    const old = oldFile(name, version);
    open(old).close();
    expect(versionOf(old)).toEqual({ user_version: versions });
    expect(tablesOf(old)).toEqual(tablesOf(fresh));
    expect(columnsOf(old)).toEqual(columnsOf(fresh));
  });

  it('is kept as it was, private', () => {
    const old = oldFile(name, 1);
    const before = tablesOf(old);
    open(old).close();
    const kept = `${old}.schema-1`;
    expect(versionOf(kept)).toEqual({ user_version: 1 });
    expect(tablesOf(kept)).toEqual(before);
    expect(statSync(kept).mode & 0o777).toBe(0o600);
  });
});

describe('what old files held', () => {
  it('is there for the orchestrator', () => {
    const store = RolloutStore.open(oldFile('rollouts', 1));
    expect(store.byId('kept-1')).toMatchObject({ release: null, startedBy: 'a person' });
    expect(store.transitions('kept-1').map(({ reason }) => reason)).toEqual([
      'the canary is ready',
    ]);
    expect([...store.evidence('kept-1')]).toHaveLength(1);
    store.close();
  });

  it('is there for the proxy', () => {
    const store = ProxyStore.open(oldFile('proxy', 1), log);
    expect(store.loadRoute('mcp-scraper')?.tracks.stable.port).toBe(3001);
    expect(store.loadSessions('mcp-scraper')).toMatchObject([{ id: 'kept-1', client: null }]);
    expect(store.salt).toHaveLength(16);
    store.close();
  });
});

describe('openStateFile', () => {
  const schema = (...migrations: string[]): Schema => ({
    owner: 'canary-test',
    migrations,
    synchronous: 'NORMAL',
  });
  const A = 'CREATE TABLE a (x);';
  const B = 'CREATE TABLE b (x);';

  it('refuses a newer file, leaves it as it is, and names the way out', () => {
    const file = join(dir, 'state.db');
    closeStateFile(openStateFile(file, schema(A, B)));
    const before = readFileSync(file);
    expect(() => openStateFile(file, schema(A))).toThrow(
      /^cannot use .*state\.db: it has schema version 2, of a newer program, and canary-test \d+\.\d+\.\d+ knows up to 1: run the newer program again, or move it away to begin anew$/,
    );
    expect(readFileSync(file)).toEqual(before);
  });

  it('names the copy that the newer program left', () => {
    const file = join(dir, 'state.db');
    closeStateFile(openStateFile(file, schema(A)));
    closeStateFile(openStateFile(file, schema(A, B)));
    expect(() => openStateFile(file, schema(A))).toThrow(`put ${file}.schema-1 in its place`);
  });

  it('changes nothing when a migration fails, and can be tried again', () => {
    const file = join(dir, 'state.db');
    closeStateFile(openStateFile(file, schema(A)));
    expect(() => openStateFile(file, schema(A, B, 'CREATE TABLE a (y);'))).toThrow(
      /cannot use .*: .*a already exists/,
    );
    expect(tablesOf(file)).toEqual([{ type: 'table', name: 'a', tbl_name: 'a' }]);
    expect(versionOf(file)).toEqual({ user_version: 1 });
    closeStateFile(openStateFile(file, schema(A, B)));
    expect(versionOf(file)).toEqual({ user_version: 2 });
  });

  it('says which file is no database', () => {
    const file = join(dir, 'state.db');
    writeFileSync(file, 'not a database, and long enough to be read as one'.repeat(100));
    expect(() => openStateFile(file, schema(A))).toThrow(`cannot use ${file}: `);
  });
});

it.each(FILES)('$name.db has no mapped index, which a read-only disk would make deadly', (file) => {
  const path = join(dir, `${file.name}.db`);
  const store = file.open(path);
  expect(readdirSync(dir)).toContain(`${file.name}.db-wal`);
  expect(readdirSync(dir)).not.toContain(`${file.name}.db-shm`);
  store.close();
});
