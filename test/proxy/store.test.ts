import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Store } from '../../proxy/store.js';

let dir: string;
let store: Store;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'proxy-store-'));
  store = Store.open(join(dir, 'proxy.db'));
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
