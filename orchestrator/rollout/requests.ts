/** What a person may ask in which phase, and the sentence for what may not be asked. */
import type { HeldWhy, PhaseKind } from './phase.js';
import type { RequestKind, Rollout } from './rollout.js';

/**
 * `take`: stored, and answered by the next decision. `done`: the rollout is already doing it.
 * Any other text is the reason of a refusal.
 */
type Ruling = 'take' | 'done' | { readonly refused: string };

const over: Ruling = { refused: 'the rollout is over' };
const tooLate: Ruling = {
  refused: 'it is past the point where it can be held: promote or rollback',
};
const rollingBack: Ruling = { refused: 'it is rolling back, and that is finished first' };

const RULINGS: Readonly<Record<PhaseKind, Readonly<Record<RequestKind, Ruling>>>> = {
  preparing: { promote: 'take', rollback: 'take', pause: 'take', resume: 'done' },
  starting: { promote: 'take', rollback: 'take', pause: 'take', resume: 'done' },
  smoking: { promote: 'take', rollback: 'take', pause: 'take', resume: 'done' },
  observing: { promote: 'take', rollback: 'take', pause: 'take', resume: 'done' },
  held: { promote: 'take', rollback: 'take', pause: 'take', resume: 'take' },
  promoting: { promote: 'done', rollback: 'take', pause: tooLate, resume: 'done' },
  baking: { promote: 'take', rollback: 'take', pause: tooLate, resume: 'done' },
  retiring: { promote: 'done', rollback: 'take', pause: tooLate, resume: 'done' },
  'rolling-back': { promote: rollingBack, rollback: 'done', pause: rollingBack, resume: 'done' },
  promoted: { promote: 'done', rollback: over, pause: over, resume: over },
  'rolled-back': { promote: over, rollback: 'done', pause: over, resume: over },
};

/** What a ruling depends on: a Phase, or what a view tells of it. */
export interface RuledPhase {
  readonly kind: PhaseKind;
  readonly why?: HeldWhy;
}

/** Whether a request can be taken in a phase. */
export function rule(phase: RuledPhase, request: RequestKind): Ruling {
  if (
    phase.kind === 'held' &&
    phase.why === 'main-down' &&
    request !== 'promote' &&
    request !== 'rollback'
  ) {
    return { refused: 'main is down: only promote or rollback can help' };
  }
  if (phase.kind === 'held' && phase.why === 'paused' && request === 'pause') return 'done';
  return RULINGS[phase.kind][request];
}

/** Whether a rollout can take a request now. A rollback that was taken is not taken back: it counts as begun. */
export function ruleOn(
  { phase, request }: Pick<Rollout, 'phase' | 'request'>,
  asked: RequestKind,
): Ruling {
  return rule(request?.kind === 'rollback' ? { kind: 'rolling-back' } : phase, asked);
}
