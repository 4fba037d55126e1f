import { existsSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import Database from 'libsql';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Store } from '../../proxy/store.js';

const log = pino({ level: 'silent' });

let dir: string;
let store: Store;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'proxy-store-'));
  store = Store.open(join(dir, 'proxy.db'), log);
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

function add(id: string, service: string, usedAtMs: number): void {
  store.saveSession({
    ...{ id, service, kind: 'sse', label: id, track: 'stable', upstreamId: null, generation: 0 },
    ...{ initialize: null, negotiated: null, initialized: true, restore: '[]' },
    ...{ usedAtMs, client: null },
  });
  store.saveCall({ session: id, id: '1', body: null });
}

it('forgets sessions of services that are gone, once they are old, with their calls', () => {
  add('of-a', 'a', 1);
  add('old', 'gone', 1);
  add('young', 'gone', 10);
  store.saveCall({ session: 'nobody', id: '1', body: null });
  store.forgetOthers(['a'], 5);
  const ids = ['a', 'gone'].flatMap((name) => store.loadSessions(name).map(({ id }) => id));
  expect(ids).toEqual(['of-a', 'young']);
  store.deleteSession('young');
  store.forgetOthers(['a'], 5);
  add('young', 'gone', 10);
  store.deleteCall('young', '1');
  expect(store.loadCalls('gone')).toEqual([]);
  expect(store.loadCalls('a')).toHaveLength(1);
});

describe('a store that cannot write', () => {
  const stable = { host: '127.0.0.1', port: 1, weight: 1, drain: false };
  const route = { tracks: { stable } };

  it('serves all the same, and stores all when it can', () => {
    add('before', 'a', 1);
    // What every write meets, as it does on a full disk.
    store.close();
    const other = new Database(join(dir, 'proxy.db'));
    other.exec(
      "CREATE TRIGGER full BEFORE INSERT ON session WHEN NEW.used_at_ms < 100 BEGIN SELECT raise(ABORT, 'full'); END",
    );
    other.close();
    store = Store.open(join(dir, 'proxy.db'), log);
    add('while', 'a', 2);
    store.transaction(() => add('in one', 'a', 3));
    const { failures } = store;
    expect(failures).toBeGreaterThanOrEqual(2);
    const sessions = store.loadSessions('a').map((each) => ({ ...each, label: 'anew' }));
    expect(store.catchUp('a', { route, sessions })).toBe(false);
    expect(store.loadSessions('a').map(({ label }) => label)).toEqual(['before']);
    const later = sessions.map((each) => ({ ...each, usedAtMs: 100 }));
    expect(store.catchUp('a', { route, sessions: later })).toBe(true);
    expect(store.loadSessions('a').map(({ label }) => label)).toEqual(['anew']);
    expect(store.loadRoute('a')).toEqual(route);
  });
});

describe.each([
  ['is no database', (file: string) => writeFileSync(file, 'x'.repeat(8_192))],
  ['is only the first part of one', (file: string) => truncateSync(file, 4_096 * 3)],
])('a file that %s', (_, damage) => {
  it('is kept aside, and the proxy begins anew', () => {
    for (let i = 0; i < 200; i += 1) add(`session ${i}`, 'a', i);
    store.close();
    const file = join(dir, 'proxy.db');
    damage(file);
    for (const suffix of ['-wal', '-shm']) rmSync(file + suffix, { force: true });
    store = Store.open(file, log);
    expect(store.loadSessions('a')).toEqual([]);
    add('new', 'a', 1);
    expect(store.loadSessions('a')).toHaveLength(1);
    expect(existsSync(`${file}.damaged`)).toBe(true);
  });
});
