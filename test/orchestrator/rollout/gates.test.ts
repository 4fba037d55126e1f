import { describe, expect, it } from 'vitest';
import type { ServiceConfig } from '../../../config/types.js';
import { failing, Simulation, unsure } from './simulation.js';

const HOUR_MS = 3_600_000;

const steps = [
  { weight: 0.1, windowMs: HOUR_MS, gate: 'manual' as const },
  { weight: 0.5, windowMs: HOUR_MS, gate: 'auto' as const },
];

const atGate = (config: Partial<ServiceConfig> = {}): Simulation =>
  new Simulation({ steps, ...config }).to('held');

const atApproval = (config: Partial<ServiceConfig> = {}): Simulation =>
  new Simulation({ promote: 'manual', ...config }).to('held');

function waitingFor(run: Simulation): string {
  const decision = run.tick();
  return decision.kind === 'wait' ? decision.reason : decision.kind;
}

describe('a gate', () => {
  it('holds after its step with the share unchanged, and says what each order does', () => {
    const run = atGate();
    expect(run.nowMs).toBe(HOUR_MS);
    expect(run.phase).toMatchObject({ why: 'gate', step: 0, deadlineMs: null });
    run.nowMs += 48 * HOUR_MS;
    expect(waitingFor(run)).toBe(
      'a person (gate): resume goes on to step 2 of 2 (50%), promote promotes at once, rollback takes it back',
    );
    expect(run.route.tracks.canary?.weight).toBe(0.1);
  });

  it('is opened by resume: the next step gets its whole window', () => {
    const run = atGate();
    run.ask('resume');
    run.to('observing');
    expect(run.phase).toEqual({ kind: 'observing', step: 1, endsAtMs: run.nowMs + HOUR_MS });
    expect(run.toEnd().phase.kind).toBe('promoted');
  });

  it('is passed over by promote', () => {
    const run = atGate();
    run.ask('promote');
    run.to('promoting');
    expect(run.nowMs).toBe(HOUR_MS);
  });

  it('does not protect a bad canary', () => {
    const run = atGate();
    run.assessment = failing;
    expect(run.toEnd().phase).toMatchObject({ kind: 'rolled-back', cause: failing.reason });
  });

  it('that is paused has no deadline any more, and its step is watched once more', () => {
    const run = atGate({ promoteByMs: HOUR_MS });
    run.ask('pause');
    run.until(() => run.phase.kind === 'held' && run.phase.why === 'paused');
    expect(run.phase).toMatchObject({ deadlineMs: null });
    run.ask('resume');
    run.to('observing');
    expect(run.phase).toMatchObject({ step: 0, endsAtMs: run.nowMs + HOUR_MS });
    expect(run.to('held').phase).toMatchObject({ why: 'gate' });
  });
});

describe('the deadline of a gate', () => {
  const deadline = (onDeadline: ServiceConfig['onDeadline']): Simulation =>
    atGate({ promoteByMs: 4 * HOUR_MS, onDeadline });

  it('is told, and not before its time takes the canary back', () => {
    const run = deadline('rollback');
    expect(waitingFor(run)).toContain('without an order by 1970-01-01T05:00:00.000Z: rollback');
    run.to('rolling-back');
    expect(run.nowMs).toBe(5 * HOUR_MS);
    expect(run.phase).toMatchObject({ cause: 'nobody came within 4h' });
  });

  it('with promote lets the next step begin, and skips nothing', () => {
    const run = deadline('promote').to('observing');
    expect(run.phase).toEqual({ kind: 'observing', step: 1, endsAtMs: 6 * HOUR_MS });
    run.assessment = unsure;
    expect(run.to('held').phase).toMatchObject({ why: 'inconclusive' });
  });

  it('with hold is passed once, and a person is waited for without end', () => {
    const run = deadline('hold');
    run.until(() => run.phase.kind === 'held' && run.phase.deadlineMs === null);
    run.nowMs += 100 * HOUR_MS;
    expect(run.tick().kind).toBe('wait');
    run.ask('resume');
    expect(run.to('observing').phase).toMatchObject({ step: 1 });
  });
});

describe('the deadline of an approval', () => {
  it('with promote promotes what still passes', () => {
    const run = atApproval({ promoteByMs: HOUR_MS, onDeadline: 'promote' }).to('promoting');
    expect(run.nowMs).toBe(3 * HOUR_MS);
  });

  it('with promote does not promote what passes no longer', () => {
    const run = atApproval({ promoteByMs: HOUR_MS, onDeadline: 'promote' });
    run.assessment = unsure;
    run.until(() => run.phase.kind === 'held' && run.phase.deadlineMs === null);
    run.nowMs += 100 * HOUR_MS;
    expect(run.tick().kind).toBe('wait');
  });

  it('does not run while the rollout is held for another reason', () => {
    const run = new Simulation({ promoteByMs: HOUR_MS }).to('observing');
    run.ask('pause');
    expect(run.to('held').phase).toMatchObject({ why: 'paused', deadlineMs: null });
  });
});
