/** The stores, damaged: rows that hold anything, and files that are none. */
import fc from 'fast-check';
import Database from 'libsql';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Store as RolloutStore } from '../../orchestrator/store/store.js';
import { Store } from '../../proxy/store.js';
import { Simulation } from '../orchestrator/rollout/simulation.js';
import { route, SERVICE, startProxy } from '../proxy/support/proxies.js';

const log = pino({ level: 'silent' });

/** A proxy comes up on rows of any content, and serves. */
export async function fuzzRows(inputs: number): Promise<void> {
  const proxy = await startProxy({ stable: 9 });
  const text = fc.oneof(
    fc.constantFrom('', 'null', '[]', '{}', '[["a"]]', '{"tracks":1}'),
    fc.string().map((any) => any.replaceAll('\0', '')),
  );
  const row = fc.record({
    kind: fc.oneof(fc.constantFrom('streamable', 'sse'), text),
    track: fc.oneof(fc.constantFrom('stable', 'canary'), text),
    negotiated: fc.option(text),
    restore: text,
    initialize: fc.option(fc.uint8Array()),
    route: text,
  });
  try {
    await fc.assert(
      fc.asyncProperty(row, async (some) => {
        await proxy.stop();
        write(proxy.home.proxyStoreFile, some);
        await proxy.start();
        await proxy.state();
      }),
      { numRuns: inputs },
    );
  } finally {
    await proxy.dispose();
  }
}

interface Row {
  readonly kind: string;
  readonly track: string;
  readonly negotiated: string | null;
  readonly restore: string;
  readonly initialize: Uint8Array | null;
  readonly route: string;
}

function write(
  file: string,
  { kind, track, negotiated, restore, initialize, route: written }: Row,
): void {
  const db = new Database(file);
  const raw = initialize === null ? null : Buffer.from(initialize);
  db.prepare('INSERT OR REPLACE INTO route VALUES (?, ?)').run(SERVICE, written);
  db.prepare(
    `INSERT OR REPLACE INTO session (id, service, kind, label, track, upstream_id, generation, initialize, negotiated, initialized, restore, used_at_ms)
     VALUES ('id', ?, ?, 'label', ?, NULL, 1, ?, ?, 1, ?, ?)`,
  ).run(SERVICE, kind, track, raw, negotiated, restore, Date.now());
  db.close();
}

/** A store, as far as its file is concerned. */
interface StoreFile {
  /** Makes one that holds something. */
  readonly make: (file: string) => void;
  /** Opens and reads it. */
  readonly read: (file: string) => void;
}

export const PROXY_FILE: StoreFile = {
  make: (file) => {
    const store = Store.open(file, log);
    store.saveRoute(SERVICE, route({ stable: 9 }));
    store.close();
  },
  read: (file) => {
    const store = Store.open(file, log);
    try {
      store.loadRoute(SERVICE);
      store.loadSessions(SERVICE);
    } finally {
      store.close();
    }
  },
};

export const ROLLOUT_FILE: StoreFile = {
  make: (file) => {
    const store = RolloutStore.open(file);
    store.insert(new Simulation().rollout, 1);
    store.close();
  },
  read: (file) => {
    const store = RolloutStore.open(file);
    try {
      store.active();
      store.recent(null, 10);
      store.transitions('scraper-1');
    } finally {
      store.close();
    }
  },
};

/** A file with bytes written over opens and reads, anew if it must, or is refused by name: nothing else. */
export function fuzzFile({ make, read }: StoreFile, inputs: number): void {
  const dir = mkdtempSync(join(tmpdir(), 'canary-fuzz-'));
  const sound = join(dir, 'sound.db');
  let run = 0;
  make(sound);
  const bytes = readFileSync(sound);
  // No byte that is no text: libsql ends the process where SQLite's words on a damaged table are not UTF-8.
  const edits = fc.array(
    fc.tuple(
      fc.nat({ max: bytes.length }),
      fc.uint8Array({ minLength: 1, maxLength: 16, max: 127 }),
    ),
    { maxLength: 8 },
  );
  try {
    fc.assert(
      fc.property(edits, fc.option(fc.nat({ max: bytes.length })), (changes, length) => {
        // A new one each time: this process lets go of a damaged one only in the end.
        const file = join(dir, `${(run += 1)}.db`);
        const damaged = Buffer.from(bytes);
        for (const [at, put] of changes) damaged.set(put.subarray(0, damaged.length - at), at);
        writeFileSync(file, length === null ? damaged : damaged.subarray(0, length));
        refusedAtMost(() => read(file));
        for (const rest of ['', '-wal']) rmSync(file + rest, { force: true });
      }),
      { numRuns: inputs },
    );
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** An error that is no mistake of the program's. */
function refusedAtMost(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof TypeError) throw error;
  }
}
