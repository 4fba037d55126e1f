import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { evidencePage } from '../../../orchestrator/control/evidence.js';
import type { EvidenceEvent } from '../../../orchestrator/judge/types.js';
import { newCursor } from '../../../orchestrator/monitor/cursor.js';
import type { Phase } from '../../../orchestrator/rollout/phase.js';
import type { Rollout } from '../../../orchestrator/rollout/rollout.js';
import { Store } from '../../../orchestrator/store/store.js';
import { service, Simulation } from '../rollout/simulation.js';

const OBSERVING: Phase = { kind: 'observing', step: 0, endsAtMs: 1e9 };
const RESTARTING: Phase = {
  kind: 'promoting',
  stage: 'restarting-main',
  deadlineMs: 1e9,
  before: null,
};
const LEAVING: Phase = { kind: 'rolling-back', cause: 'x', mainTouched: false, stage: 'removing' };
const PLANNED_MS = service.steps[0]!.windowMs;

let dir: string;
let store: Store;
let rollout: Rollout;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'evidence-'));
  store = Store.open(join(dir, 'rollouts.db'));
  rollout = { ...new Simulation().rollout, startedAtMs: 1_000, phase: OBSERVING };
  store.insert(rollout, 1);
  const events = [1, 2, 3, 4, 5].map((i) => log(1_000 * i));
  store.addEvidence(rollout.id, events, newCursor);
});

afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

const log = (atMs: number): EvidenceEvent => ({
  type: 'log',
  atMs,
  track: 'canary',
  errorLines: 0,
});

function moveTo(to: Phase, atMs: number): void {
  const move = { atMs, from: OBSERVING, to, reason: 'r', assessment: null };
  store.update({ ...rollout, phase: to }, move);
}

/** Everything, by pages of this size. */
function pages(limit: number): EvidenceEvent[][] {
  const all: EvidenceEvent[][] = [];
  for (let after: number | null = 0; after !== null;) {
    const page = evidencePage(store, rollout, { after, limit });
    all.push([...page.events]);
    after = page.nextAfter;
  }
  return all;
}

describe('the evidence', () => {
  it('comes in pages, whole and in order, the rollout once', () => {
    const whole = pages(100).flat();
    expect(whole).toEqual([
      expect.objectContaining({ type: 'rollout', startedAtMs: 1_000, windowMs: PLANNED_MS }),
      ...[1, 2, 3, 4, 5].map((i) => log(1_000 * i)),
    ]);
    expect(pages(2).map((page) => page.length)).toEqual([3, 2, 1]);
    for (const limit of [1, 2, 5, 6]) expect(pages(limit).flat()).toEqual(whole);
  });

  it.each([
    ['main is restarted', RESTARTING],
    ['the canary is taken back', LEAVING],
  ])('ends when %s', (_, phase) => {
    moveTo(phase, 3_000);
    expect(pages(2).flat().slice(1)).toEqual([log(1_000), log(2_000), log(3_000)]);
  });

  it('has the window as long as it was extended to', () => {
    moveTo(RESTARTING, 1_000 + 2 * PLANNED_MS);
    expect(pages(10)[0]![0]).toMatchObject({ type: 'rollout', windowMs: 2 * PLANNED_MS });
  });
});
