import { describe, expect, it } from 'vitest';
import type { Phase } from '../../../orchestrator/rollout/phase.js';
import { decideRun } from '../../../orchestrator/runs/decide.js';
import type { Run } from '../../../orchestrator/runs/run.js';
import { runWith } from './fixture.js';

const NOW_MS = 1_000_000;

/** The orchestrator was killed while it began `a`. */
const cutOff = (own: Partial<Run>): Run => runWith({ kind: 'starting', rolloutId: 'a-1' }, own);
const none = (): null => null;
const over = { endsAtMs: NOW_MS - 1, then: 'finish' } as const;

describe('a service that was just being started when the orchestrator was killed', () => {
  it('is started', () => {
    expect(decideRun(cutOff({}), none, NOW_MS)).toEqual({ kind: 'start', service: 'a' });
  });

  it.each([
    ['the window', { window: over }, 'the window ended'],
    ['a cancellation', { cancelled: 'on call' }, 'on call'],
  ])('is left out after %s', (_, own, reason) => {
    const step = decideRun(cutOff(own), none, NOW_MS);
    expect(step).toEqual({ kind: 'leave-out', services: ['a', 'b'], reason });
  });

  it('goes on after the window when its rollout was made', () => {
    const observing: Phase = { kind: 'observing', step: 0, endsAtMs: NOW_MS };
    const made = (id: string): Phase | null => (id === 'a-1' ? observing : null);
    const run = cutOff({ window: over });
    const step = decideRun(run, made, NOW_MS);
    expect(step).toEqual({ kind: 'leave-out', services: ['b'], reason: 'the window ended' });
    const members = run.members.slice(0, 1);
    expect(decideRun({ ...run, members }, made, NOW_MS)).toEqual({ kind: 'start', service: 'a' });
  });
});
