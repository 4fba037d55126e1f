import { describe, expect, it } from 'vitest';
import type { RolloutView } from '../../../orchestrator/control/messages.js';
import { exitCodeOf } from '../../../orchestrator/cli/follow.js';

const view = (phase: RolloutView['phase'], request: RolloutView['request'] = null): RolloutView =>
  ({ phase, request }) as RolloutView;

describe('the exit code of a rollout that is followed', () => {
  it.each([
    ['promoted', 0],
    ['rolled-back', 3],
    ['held', 4],
    ['observing', null],
  ] as const)('%s is %s', (phase, code) => {
    expect(exitCodeOf(view(phase))).toBe(code);
  });

  it('is not that of a held one while an order waits for the next decision', () => {
    expect(exitCodeOf(view('held', 'rollback'))).toBeNull();
  });
});
