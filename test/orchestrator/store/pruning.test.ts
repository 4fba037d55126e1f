import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Retention } from '../../../config/processes.js';
import type { EvidenceEvent } from '../../../orchestrator/judge/types.js';
import { newCursor } from '../../../orchestrator/monitor/cursor.js';
import type { Rollout } from '../../../orchestrator/rollout/rollout.js';
import { MAX_ROWS_PER_STEP } from '../../../orchestrator/store/pruning.js';
import { Store } from '../../../orchestrator/store/store.js';

const DAY_MS = 86_400_000;
const NOW_MS = 1_000 * DAY_MS;
const UNBOUNDED: Retention = { maxAgeMs: Infinity, maxSizeBytes: Infinity };
const EVENTS = 2 * MAX_ROWS_PER_STEP + 1;

let dir: string;
let store: Store;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pruning-'));
  store = Store.open(join(dir, 'rollouts.db'));
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

/** A rollout with evidence; `endedDaysAgo` null: it is under way. */
function add(
  service: string,
  number: number,
  endedDaysAgo: number | null,
  kind: 'promoted' | 'rolled-back' | 'observing' = 'rolled-back',
): string {
  const id = `${service}-${number}`;
  const endedAtMs = endedDaysAgo === null ? null : NOW_MS - endedDaysAgo * DAY_MS;
  const rollout = { id, service, startedAtMs: number, endedAtMs, phase: { kind } };
  store.insert(rollout as Rollout, number);
  const events = Array.from({ length: EVENTS }, (_, i): EvidenceEvent => ({
    type: 'log',
    atMs: i,
    track: 'canary',
    errorLines: 0,
  }));
  store.addEvidence(id, events, newCursor);
  store.recordIntent(id, 0, { kind: 'start', track: 'canary' } as never);
  return id;
}

function prune(retention: Partial<Retention>): number {
  let steps = 0;
  while (store.pruning.step(NOW_MS, { ...UNBOUNDED, ...retention })) steps += 1;
  return steps;
}

const kept = (): string[] => store.recent(null, 100).map(({ id }) => id);
const evidenceOf = (id: string): number => [...store.evidence(id)].length;

describe('what is older than maxAge', () => {
  it('is forgotten whole', () => {
    add('a', 1, 100);
    add('a', 2, 89);
    add('a', 3, 1);
    expect(prune({ maxAgeMs: 90 * DAY_MS })).toBeGreaterThan(EVENTS / MAX_ROWS_PER_STEP);
    expect(kept().sort()).toEqual(['a-2', 'a-3']);
    expect([evidenceOf('a-1'), evidenceOf('a-2')]).toEqual([0, EVENTS]);
    expect(store.transitions('a-1')).toEqual([]);
  });

  it('stays while it is under way, the newest, what main was given, or its folder stands', () => {
    add('a', 1, 400, 'promoted');
    add('a', 2, 300);
    add('a', 3, 200);
    add('b', 1, 500);
    add('c', 1, 500);
    add('c', 2, null, 'observing');
    store.savePreparation('a-3', '/srv/a-3', {} as never);
    prune({ maxAgeMs: DAY_MS });
    expect(kept().sort()).toEqual(['a-1', 'a-3', 'b-1', 'c-2']);
    expect(evidenceOf('c-2')).toBe(EVENTS);
    store.releaseRemoved('a-3', NOW_MS);
    add('a', 4, 0);
    prune({ maxAgeMs: DAY_MS });
    expect(kept()).not.toContain('a-3');
  });

  it('takes ended runs with it, but for the newest', () => {
    const run = (id: string, endedAtMs: number | null): never => ({ id, endedAtMs }) as never;
    store.runs.insert(run('run-1', 1), 1);
    store.runs.insert(run('run-2', null), 2);
    store.runs.insert(run('run-3', 1), 3);
    prune({ maxAgeMs: DAY_MS });
    expect(store.runs.recent(9).map(({ id }) => id)).toEqual(['run-3', 'run-2']);
  });
});

describe('what is beyond maxSize', () => {
  it('is the evidence of the oldest, then they themselves', () => {
    for (let n = 1; n <= 6; n += 1) add('a', n, 10 - n);
    const full = store.pruning.usedBytes;
    prune({ maxSizeBytes: full - 1 });
    expect(kept()).toHaveLength(6);
    expect([1, 2, 6].map((n) => evidenceOf(`a-${n}`))).toEqual([0, EVENTS, EVENTS]);
    prune({ maxSizeBytes: full / 2 });
    expect(store.pruning.usedBytes).toBeLessThanOrEqual(full / 2);
    expect(evidenceOf('a-6')).toBe(EVENTS);
    prune({ maxSizeBytes: 0 });
    expect(kept()).toEqual(['a-6']);
  });

  it('never includes a rollout under way', () => {
    add('a', 1, null, 'observing');
    expect(prune({ maxSizeBytes: 0 })).toBe(0);
    expect(evidenceOf('a-1')).toBe(EVENTS);
  });

  it('goes whole, also when the program ended half-way', () => {
    add('a', 1, 5);
    add('a', 2, 4);
    const limit = { ...UNBOUNDED, maxSizeBytes: store.pruning.usedBytes - 1 };
    store.pruning.step(NOW_MS, limit);
    store.pruning.step(NOW_MS, limit);
    expect(evidenceOf('a-1')).toBe(EVENTS - MAX_ROWS_PER_STEP);
    store.close();
    store = Store.open(join(dir, 'rollouts.db'));
    prune({});
    expect([evidenceOf('a-1'), evidenceOf('a-2')]).toEqual([0, EVENTS]);
  });
});
