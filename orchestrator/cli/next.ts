/** What happens next to a rollout, and when (pure). */
import type { RolloutView } from '../control/messages.js';
import type { Course } from '../control/course.js';
import type { HeldWhy } from '../rollout/phase.js';
import { clockTime, duration, percent } from './format.js';

/** Why a person is waited for. */
export const HELD_WHY: Readonly<Record<HeldWhy, string>> = {
  paused: 'a person paused it',
  gate: 'the step is over and its gate asks for a person',
  inconclusive: 'the window ended with too little evidence',
  approval: 'it passed and waits for approval',
  drift: 'another hand changed main or the canary',
  'main-down': 'main does not come up; the canary keeps the traffic',
};

/** In a sentence without its end. */
export function whatNext(view: RolloutView, nowMs: number): string {
  switch (view.phase) {
    case 'preparing':
      return `the canary is started when its release is made${doing(view)}`;
    case 'starting':
      return `traffic, once the canary is ready${doing(view)}`;
    case 'smoking':
      return 'traffic, once the canary has passed its tests; until then it has none';
    case 'observing':
      return `${until(view, nowMs)}${afterStep(view)}; a check that fails takes the canary back at once`;
    case 'held':
      return `a person: ${orders(view)}${deadline(view, nowMs)}`;
    case 'promoting':
      return `main runs the new release, then bakes for ${duration(view.course.bakeMs)}${doing(view)}`;
    case 'baking':
      return `${until(view, nowMs)}the canary is removed and the rollout is promoted; a check that fails brings the old release back`;
    case 'retiring':
      return `the canary is removed, and the rollout is promoted${doing(view)}`;
    case 'rolling-back':
      return `main carries everything on the old release, and the canary is removed${doing(view)}`;
    case 'promoted':
    case 'rolled-back':
      return `nothing; "canary explain ${view.id}" says why it went so`;
  }
}

/** So much of the step, or of the baking, is over; null where nothing runs out. */
export function progress(view: RolloutView, nowMs: number): number | null {
  const { phase, step, phaseEndsAtMs, course } = view;
  if (phaseEndsAtMs === null) return null;
  const wholeMs = phase === 'baking' ? course.bakeMs : stepOf(course, step)?.windowMs;
  if (wholeMs === undefined || wholeMs <= 0 || phase === 'held') return null;
  return Math.min(1, Math.max(0, 1 - (phaseEndsAtMs - nowMs) / wholeMs));
}

/** To whole minutes while there are many: a clock that ticks only distracts. */
export function timeLeft(ms: number): string {
  const left = Math.max(0, ms);
  if (left < 1_000) return 'a moment';
  return duration(left > 120_000 ? Math.ceil(left / 60_000) * 60_000 : left);
}

/** Local time to the minute. */
export function hourMinute(ms: number): string {
  return clockTime(ms).slice(11, 16);
}

function stepOf({ steps }: Course, step: number | null): Course['steps'][number] | undefined {
  return step === null ? undefined : steps[step - 1];
}

function until({ phaseEndsAtMs }: RolloutView, nowMs: number): string {
  if (phaseEndsAtMs === null) return '';
  return `in ${timeLeft(phaseEndsAtMs - nowMs)} (${hourMinute(phaseEndsAtMs)}): `;
}

function doing({ waitingFor }: RolloutView): string {
  return waitingFor === null ? '' : ` (now: ${waitingFor})`;
}

function afterStep({ service, step, course }: RolloutView): string {
  const next = course.steps[step ?? course.steps.length];
  if (stepOf(course, step)?.gate === 'manual' && next !== undefined) {
    return `a person opens the gate ("canary resume ${service}")${withinText(course)}`;
  }
  if (next !== undefined) {
    return `step ${(step ?? 0) + 1} of ${course.steps.length}, ${percent(next.weight)} of the new sessions for ${duration(next.windowMs)}`;
  }
  const passed =
    course.promote === 'auto'
      ? 'promoted if it passes'
      : `if it passes, a person approves ("canary promote ${service}")${withinText(course)}`;
  return `the verdict: ${passed}; with too little evidence ${INCONCLUSIVE[course.onInconclusive]}`;
}

const INCONCLUSIVE: Readonly<Record<Course['onInconclusive'], string>> = {
  hold: 'held for a person',
  extend: 'watched for another window',
  rollback: 'taken back',
  promote: 'promoted',
};

function withinText({ promoteByMs, onDeadline }: Course): string {
  return promoteByMs === null ? '' : ` within ${duration(promoteByMs)}, else ${onDeadline}`;
}

function orders({ service, held, waitingFor }: RolloutView): string {
  if (waitingFor !== null) return waitingFor.replace(/^a person \([^)]*\): /, '');
  return held === 'main-down'
    ? `"canary promote ${service}" or "canary rollback ${service}"`
    : `"canary resume", "canary promote" or "canary rollback ${service}"`;
}

function deadline({ phaseEndsAtMs, course }: RolloutView, nowMs: number): string {
  if (phaseEndsAtMs === null) return '';
  return `; in ${timeLeft(phaseEndsAtMs - nowMs)} without an order: ${course.onDeadline}`;
}
