/** What is shown of a run: never its releases, which may hold secrets (pure). */
import type { MemberView, RunView } from '../control/run-messages.js';
import type { Rollout } from '../rollout/rollout.js';
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
    members: run.members.map((member) => memberView(member, find, nowMs)),
  };
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
