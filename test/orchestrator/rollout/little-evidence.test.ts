/** What becomes of a canary of which too little is known at the end of its window. */
import { describe, expect, it } from 'vitest';
import { isEnded } from '../../../orchestrator/rollout/phase.js';
import { Simulation, unsure } from './simulation.js';

const HOUR_MS = 3_600_000;

describe('too little evidence', () => {
  it.each([
    ['hold', 'held'],
    ['promote', 'promoted'],
    ['rollback', 'rolled-back'],
  ] as const)('with onInconclusive: %s ends %s', (onInconclusive, kind) => {
    const run = new Simulation({ onInconclusive });
    run.assessment = unsure;
    run.until(() => run.phase.kind === 'held' || isEnded(run.phase));
    expect(run.phase.kind).toBe(kind);
  });

  it('extends the window up to its limit, then holds', () => {
    const run = new Simulation({ onInconclusive: 'extend' });
    run.assessment = unsure;
    run.to('held');
    expect(run.nowMs).toBe(6 * HOUR_MS);
  });

  it('extends the last step up to its limit, however long ago the rollout began', () => {
    const step = { weight: 0.1, windowMs: 2 * HOUR_MS, gate: 'auto' } as const;
    const run = new Simulation({
      steps: [step, step],
      onInconclusive: 'extend',
      maxWindowMs: 4 * HOUR_MS,
    }).preparing();
    run.assessment = unsure;
    run.to('observing');
    const begunAtMs = run.nowMs;
    expect(begunAtMs).toBeGreaterThan(0);
    run.to('held');
    expect(run.phase).toMatchObject({ why: 'inconclusive', step: 1 });
    expect(run.nowMs - begunAtMs).toBe(6 * HOUR_MS);
  });

  it('is never a pass', () => {
    const run = new Simulation();
    run.assessment = unsure;
    run.to('held');
    expect(run.main?.release).toBe('old');
    run.ask('resume');
    run.to('observing');
    expect(run.phase).toMatchObject({ endsAtMs: run.nowMs + 2 * HOUR_MS });
  });
});
