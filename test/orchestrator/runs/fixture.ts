import type { Member, MemberState, Run } from '../../../orchestrator/runs/run.js';

/** A run of two services, one after the other: `a` stands at `first`, the turn of `b` comes next. */
export function runWith(first: MemberState, own: Partial<Run> = {}): Run {
  const member = (service: string, state: MemberState): Member => ({
    service,
    request: { release: {}, dryRun: false },
    state,
  });
  return {
    id: 'run-1',
    title: 'group all',
    startedAtMs: 0,
    endedAtMs: null,
    cancelled: null,
    parallel: 1,
    onRollback: 'stop',
    onlyIfChanged: false,
    window: null,
    members: [member('a', first), member('b', { kind: 'pending' })],
    ...own,
  };
}
