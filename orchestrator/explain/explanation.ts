/** Why a rollout went as it did, in sentences with their numbers (pure). */
import { formatDuration, formatRatio, formatSeconds } from '../../config/units.js';
import type { RolloutView } from '../control/messages.js';
import type { ReplayVerdict } from '../judge/replay.js';
import type { CheckResult } from '../judge/types.js';
import { percent } from '../judge/words.js';
import { Retrial, type Recording } from './retrial.js';
import { whatIfs } from './what-if.js';

export type CheckSentence = Pick<CheckResult, 'check' | 'state' | 'reason'>;

export interface Explanation {
  readonly rollout: string;
  /** What became of it, and why, in one sentence. */
  readonly summary: string;
  /** What was to be, and what was seen. */
  readonly story: readonly string[];
  /** Each move with its time and reason, in order. */
  readonly moves: readonly string[];
  /** Each check with its sentence, as it was when it was decided. */
  readonly checks: readonly CheckSentence[];
  /** What would have changed the verdict. */
  readonly whatIf: readonly string[];
  /** What this does not tell, and why. */
  readonly limits: readonly string[];
}

/** More events than these are not judged again. */
export const MAX_EVENTS = 400_000;

/** `recording` is null when there is nothing to judge again, or too much: `without` says which. */
export function explain(
  view: RolloutView,
  recording: Recording | null,
  without: string | null,
): Explanation {
  const retrial = recording === null ? null : new Retrial(recording);
  const verdict = retrial?.judge() ?? null;
  const tried = triedAgain(view, retrial, verdict);
  return {
    rollout: view.id,
    summary: summaryOf(view),
    story: [...startOf(view), ...evidenceOf(view, verdict)],
    moves: movesOf(view),
    checks: checksOf(view, verdict),
    whatIf: tried.whatIf,
    limits: [...(without === null ? [] : [without]), ...tried.limits],
  };
}

function summaryOf({ id, phase, held, reason, startedAtMs, endedAtMs }: RolloutView): string {
  const after = endedAtMs === null ? '' : ` after ${formatSeconds(endedAtMs - startedAtMs)}`;
  switch (phase) {
    case 'promoted':
      return `${id} was promoted${after}: ${reason}`;
    case 'rolled-back':
      return `${id} was rolled back${after}: ${reason}`;
    case 'held':
      return `${id} is held (${held ?? ''}): ${reason}`;
    default:
      return `${id} is under way (${phase}): ${reason}`;
  }
}

function startOf({ startedBy, course, steps, release }: RolloutView): string[] {
  const parts = course.steps.map(
    ({ weight, windowMs }) => `${formatRatio(weight)} for ${formatDuration(windowMs)}`,
  );
  const version = release?.version ?? null;
  const made = version === null ? '' : ` of ${version}`;
  const plan = steps === 1 ? 'its share of the new sessions' : `${steps} steps of the new sessions`;
  return [`${startedBy} started it${made}; ${plan}: ${parts.join(', ')}.`];
}

/** What was seen of both tracks by the verdict. */
function evidenceOf(view: RolloutView, verdict: ReplayVerdict | null): string[] {
  const checks = verdict?.checks ?? view.assessment?.checks ?? [];
  const numbers = checks.find(({ check }) => check === 'errors')?.numbers;
  const { canaryCalls, canaryErrors, canarySessions, stableCalls, stableErrors } = numbers ?? {};
  if (canaryCalls === undefined || stableCalls === undefined) return [];
  const failed = (errors = 0, calls = 0): string =>
    `${errors} failed${calls === 0 ? '' : ` (${percent(errors / calls)})`}`;
  return [
    `The canary got ${canaryCalls} calls in ${canarySessions ?? 0} sessions, of which ${failed(canaryErrors, canaryCalls)}; stable got ${stableCalls}, of which ${failed(stableErrors, stableCalls)}.`,
    ...strengthOf(checks.find(({ state }) => state === 'fail')?.numbers),
  ];
}

/** How strong the evidence was against that both tracks are equal. */
function strengthOf(numbers: Readonly<Record<string, number>> | undefined): string[] {
  const { likelihoodRatio, threshold } = numbers ?? {};
  if (likelihoodRatio === undefined || threshold === undefined) return [];
  if (likelihoodRatio < threshold) return [];
  const times = (value: number): string => Math.round(value).toLocaleString('en');
  return [
    `A worse canary explains what was seen by then ${times(likelihoodRatio)} times as well as an equal one; ${times(threshold)} times is what it takes.`,
  ];
}

function movesOf({ transitions, startedAtMs }: RolloutView): string[] {
  return transitions.map(
    ({ atMs, to, stage, reason }) =>
      `After ${formatSeconds(atMs - startedAtMs)} ${to}${stage === null ? '' : ` (${stage})`}: ${reason}.`,
  );
}

function checksOf(view: RolloutView, verdict: ReplayVerdict | null): CheckSentence[] {
  const checks = verdict?.checks ?? view.assessment?.checks ?? [];
  return checks.map(({ check, state, reason }) => ({ check, state, reason }));
}

interface Tried {
  readonly whatIf: readonly string[];
  readonly limits: readonly string[];
}

function triedAgain(
  view: RolloutView,
  retrial: Retrial | null,
  verdict: ReplayVerdict | null,
): Tried {
  if (retrial === null || verdict === null) return { whatIf: [], limits: [] };
  const failed = view.assessment?.verdict === 'fail';
  if (failed && verdict.verdict !== 'fail') {
    const what = 'what decided it came after the trial (while main baked), which is not recorded';
    return { whatIf: [], limits: [`Nothing can be tried again: ${what}.`] };
  }
  const whatIf = whatIfs(retrial, verdict);
  const cut =
    verdict.verdict === 'fail'
      ? [
          'The recording ends with the failure: nobody knows what the rest of the window would have shown.',
        ]
      : [];
  const steered = view.transitions.filter(({ reason }) => /^a person|asked/.test(reason));
  const byHand =
    steered.length > 0
      ? ['A person steered it: what would have changed the verdict need not have changed its end.']
      : [];
  return { whatIf, limits: [...cut, ...byHand] };
}
