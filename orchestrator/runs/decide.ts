/** What a run does next: a pure function of the run, its rollouts and the time. */
import { isEnded, type Phase } from '../rollout/phase.js';
import { rule } from '../rollout/requests.js';
import { mainTouched } from '../rollout/rollout.js';
import type { Member, MemberState, Run } from './run.js';

export type Step =
  /** The member's rollout is over. */
  | { readonly kind: 'settle'; readonly service: string }
  /** No service without a rollout is begun any more. */
  | { readonly kind: 'leave-out'; readonly services: readonly string[]; readonly reason: string }
  /** The window ended: the rollout is paused or taken back, or is past that and finishes. */
  | { readonly kind: 'tell'; readonly service: string; readonly order: 'pause' | 'rollback' | null }
  | { readonly kind: 'start'; readonly service: string }
  | { readonly kind: 'end' }
  | { readonly kind: 'wait'; readonly reason: string };

/** The phase of a member's rollout, by the rollout's id. */
export type PhaseOfRollout = (rolloutId: string) => Phase | null;

/** One step at a time: after each, the run is stored and asked again. */
export function decideRun(run: Run, phaseOf: PhaseOfRollout, nowMs: number): Step {
  const underWay = run.members.flatMap((member) => {
    const { service, state } = member;
    return state.kind === 'under-way'
      ? [{ service, told: state.told, phase: phaseOf(state.rolloutId) }]
      : [];
  });
  const over = underWay.find(({ phase }) => phase === null || isEnded(phase));
  if (over !== undefined) return { kind: 'settle', service: over.service };

  const unbegun = run.members.filter(({ state }) => isUnbegun(state, phaseOf));
  const stop = reasonToStop(run, nowMs);
  if (stop !== null && unbegun.length > 0) {
    return { kind: 'leave-out', services: unbegun.map(({ service }) => service), reason: stop };
  }

  const { window } = run;
  if (window !== null && nowMs >= window.endsAtMs && window.then !== 'finish') {
    const untold = underWay.find(({ told }) => !told);
    if (untold !== undefined) {
      return { kind: 'tell', service: untold.service, order: orderAt(untold.phase, window.then) };
    }
  }

  const starting = run.members.find(({ state }) => state.kind === 'starting');
  if (starting !== undefined) return { kind: 'start', service: starting.service };
  const busy = underWay.filter(({ phase }) => occupies(run, phase)).length;
  const next = run.members.find(({ state }) => state.kind === 'pending');
  if (next !== undefined && busy < run.parallel) return { kind: 'start', service: next.service };
  if (underWay.length === 0 && next === undefined) return { kind: 'end' };
  return { kind: 'wait', reason: waitingFor(underWay) };
}

/** It has no rollout; a `starting` one was cut off before that was made. */
function isUnbegun(state: MemberState, phaseOf: PhaseOfRollout): boolean {
  if (state.kind === 'starting') return phaseOf(state.rolloutId) === null;
  return state.kind === 'pending';
}

/** One that is held for a person keeps the others waiting, unless they go on whatever becomes of it. */
function occupies({ onRollback }: Run, phase: Phase | null): boolean {
  return !(phase?.kind === 'held' && onRollback === 'continue');
}

function reasonToStop(
  { cancelled, members, onRollback, window }: Run,
  nowMs: number,
): string | null {
  if (cancelled !== null) return cancelled;
  const failed = onRollback === 'stop' ? members.find(hasFailed) : undefined;
  if (failed?.state.kind === 'ended') {
    const what = failed.state.result === 'refused' ? 'could not be started' : 'was rolled back';
    return `${failed.service} ${what}`;
  }
  return window !== null && nowMs >= window.endsAtMs ? 'the window ended' : null;
}

function hasFailed({ state }: Member): boolean {
  return state.kind === 'ended' && (state.result === 'rolled-back' || state.result === 'refused');
}

/** Main that has been given the release keeps it: a way back would restart it again, outside the window. */
function orderAt(phase: Phase | null, order: 'pause' | 'rollback'): 'pause' | 'rollback' | null {
  if (phase === null) return null;
  if (order === 'pause') return rule(phase, 'pause') === 'take' ? 'pause' : null;
  return mainTouched(phase) || phase.kind === 'rolling-back' ? null : 'rollback';
}

function waitingFor(
  underWay: readonly { readonly service: string; readonly phase: Phase | null }[],
): string {
  return underWay.map(({ service, phase }) => `${service} (${phase?.kind ?? 'gone'})`).join(', ');
}
