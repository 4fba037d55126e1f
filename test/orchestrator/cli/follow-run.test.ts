import { describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../../orchestrator/cli/follow-run.js';
import type { MemberView, RunView } from '../../../orchestrator/control/run-messages.js';

function view(states: readonly MemberView['state'][], own: Partial<RunView>): RunView {
  const members = states.map((state) => ({ state }) as MemberView);
  return { endedAtMs: null, members, ...own } as RunView;
}

describe('the exit code of a run that is followed', () => {
  it.each([
    ['all is done', ['promoted', 'unchanged'], 0],
    ['one was not begun', ['promoted', 'not-started'], 1],
    ['one was rolled back', ['rolled-back', 'refused'], 3],
  ] as const)('when it is over and %s', (_, states, code) => {
    expect(exitCodeOf(view(states, { endedAtMs: 1 }))).toBe(code);
  });

  it('is that of a held one when the run waits for a person', () => {
    expect(exitCodeOf(view(['held', 'pending'], { waitsForPerson: true }))).toBe(4);
  });

  it('is not that of a held one before the next service is begun', () => {
    expect(exitCodeOf(view(['held', 'pending'], { waitsForPerson: false }))).toBeNull();
  });

  it('is guessed from the services when an older orchestrator does not tell', () => {
    expect(exitCodeOf(view(['held', 'pending'], {}))).toBe(4);
    expect(exitCodeOf(view(['held', 'observing'], {}))).toBeNull();
  });
});
