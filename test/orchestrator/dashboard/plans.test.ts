import { describe, expect, it } from 'vitest';
import { exhibitPlans } from '../../../demo/exhibit-plans.js';
import { runSummary, scheduleSummary } from '../../../orchestrator/dashboard/plans.js';

const NOW_MS = Date.parse('2026-03-01T11:00:00Z');
const { runs, schedules } = exhibitPlans(NOW_MS);
const [run, nightly] = [runs[0]!, schedules[0]!];

describe('a run', () => {
  it('is the same text while nothing happens in it, however long its members take', () => {
    const after = (tookMs: number) =>
      runSummary({ ...run, members: run.members.map((member) => ({ ...member, tookMs })) });
    expect(after(1)).toEqual(after(2));
    expect(after(1).states).toEqual(['promoted', 'unchanged', 'rolled-back']);
  });
});

describe('a schedule', () => {
  it('says what is next, and what became of the last time', () => {
    const { next, last } = scheduleSummary(nightly);
    expect(next?.atMs).toBe(Date.parse('2026-03-02T03:00:00Z'));
    expect(last).toMatchObject({ outcome: 'started', reason: 'on time', began: true });
  });

  it('may have neither', () => {
    const fresh = { ...nightly, upcoming: [], last: null, run: null };
    expect(scheduleSummary(fresh)).toMatchObject({ next: null, last: null, run: null });
  });

  it('did not begin its run when it was skipped', () => {
    const skipped = { ...nightly.last!, outcome: 'skipped', runId: null } as const;
    expect(scheduleSummary({ ...nightly, last: skipped }).last?.began).toBe(false);
  });
});
