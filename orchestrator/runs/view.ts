/** What is shown of a run: never its releases, which may hold secrets (pure). */
import type { MemberView, RunView } from '../control/run-messages.js';
import type { Rollout } from '../rollout/rollout.js';
import { decideRun } from './decide.js';
import type { Member, Run } from './run.js';

export type FindRollout = (id: string) => Rollout | null;

export function runView(run: Run, find: FindRollout, nowMs: number): RunView {
  const { id, title, startedAtMs, endedAtMs, window } = run;
  return {
    id,
    title,
    startedAtMs,
    endedAtMs,
    windowEndsAtMs: window?.endsAtMs ?? null,
    waitsForPerson: endedAtMs === null && waitsForPerson(run, find, nowMs),
    members: run.members.map((member) => memberView(member, find, nowMs)),
  };
}

/** The run has nothing to do, and each rollout under way is held without an order that is to be taken up. */
function waitsForPerson(run: Run, find: FindRollout, nowMs: number): boolean {
  const step = decideRun(run, (id) => find(id)?.phase ?? null, nowMs);
  if (step.kind !== 'wait') return false;
  return run.members.every(({ state }) => {
    const rollout = state.kind === 'under-way' ? find(state.rolloutId) : null;
    return rollout === null || (rollout.phase.kind === 'held' && rollout.request === null);
  });
}

function memberView({ service, state }: Member, find: FindRollout, nowMs: number): MemberView {
  switch (state.kind) {
    case 'ended': {
      const { rolloutId, result, reason, tookMs, calls } = state;
      return { service, rollout: rolloutId, state: result, reason, tookMs, calls };
    }
    case 'pending':
    case 'starting':
      return { ...NOTHING, service, state: state.kind };
    case 'under-way': {
      const rollout = find(state.rolloutId);
      if (rollout === null) return { ...NOTHING, service, state: 'starting' };
      const { phase, startedAtMs } = rollout;
      const held = phase.kind === 'held' ? phase.why : null;
      return {
        service,
        rollout: state.rolloutId,
        state: phase.kind,
        reason: held,
        tookMs: nowMs - startedAtMs,
        calls: null,
      };
    }
  }
}

const NOTHING = { rollout: null, reason: null, tookMs: null, calls: null };
