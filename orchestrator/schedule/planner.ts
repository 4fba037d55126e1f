/**
 * When a schedule runs, and why not: pure functions of the schedule, what became of its times, and
 * the time.
 *
 * 1. Of the times that have passed, only the newest counts: a clock that jumps over several gives
 *    one run.
 * 2. A time that something has become of is never taken again, also when the clock goes back.
 * 3. The window has to be open at cron's time, and still when the run begins.
 */
import { createHash } from 'node:crypto';
import { nextOpening, openingAt } from '../../config/calendar.js';
import { timeAfter, timeUpTo } from '../../config/cron.js';
import type { ScheduleConfig } from '../../config/schedules.js';
import type { UpcomingView } from '../control/run-messages.js';
import type { SlotOutcome } from '../store/schedule-store.js';

/** What is known of a schedule's times. All of them are Unix milliseconds. */
export interface Past {
  /** Times up to this one have been dealt with. */
  readonly cursorMs: number;
  /** What became of the last ones, by time. */
  readonly outcomes: ReadonlyMap<number, SlotOutcome>;
}

export interface Surroundings {
  /** Why a service is not free; null when all are. Asked only when it matters. */
  readonly busy: () => string | null;
  /** What makes this machine's jitter its own. */
  readonly seed: string;
}

export type Planned =
  /** Nothing to do before that time; null: ever. */
  | { readonly kind: 'wait'; readonly untilMs: number | null }
  /** The time has passed without a run. */
  | {
      readonly kind: 'close';
      readonly slotMs: number;
      readonly outcome: 'skipped' | 'held' | 'missed';
      readonly reason: string;
      /** False where nobody would ask why: outside the windows. */
      readonly keep: boolean;
    }
  /** The clock went back: times count from now on, less those that something has become of. */
  | { readonly kind: 'set-back' }
  /** It waits for a service. */
  | { readonly kind: 'queue'; readonly slotMs: number; readonly reason: string }
  | {
      readonly kind: 'run';
      readonly slotMs: number;
      readonly reason: string;
      readonly windowEndsAtMs: number | null;
    };

/** So late is still in time: a restart of the orchestrator, a machine that is slow. */
const IN_TIME_MS = 60_000;

/** What is to be done with a schedule now. */
export function planSchedule(
  schedule: ScheduleConfig,
  past: Past,
  nowMs: number,
  around: Surroundings,
): Planned {
  if (past.cursorMs > nowMs) return { kind: 'set-back' };
  const newest = timeUpTo(schedule, nowMs);
  const queued = queuedSlot(past);
  const isNew = newest !== null && newest > past.cursorMs && !past.outcomes.has(newest);
  const fresh = isNew ? newest : null;
  if (queued !== null) return planQueued(schedule, { queued, fresh }, nowMs, around);
  if (fresh === null) {
    const next = timeAfter(schedule, nowMs);
    return { kind: 'wait', untilMs: next };
  }
  return planFresh(schedule, fresh, nowMs, around);
}

function queuedSlot({ outcomes }: Past): number | null {
  for (const [slotMs, outcome] of outcomes) if (outcome === 'queued') return slotMs;
  return null;
}

function planQueued(
  schedule: ScheduleConfig,
  { queued, fresh }: { readonly queued: number; readonly fresh: number | null },
  nowMs: number,
  { busy }: Surroundings,
): Planned {
  const close = (reason: string): Planned => ({
    kind: 'close',
    slotMs: queued,
    outcome: 'skipped',
    reason,
    keep: true,
  });
  const waited = busy();
  const opening = openingAt(schedule, nowMs);
  if (!opening.open) return close(`it waited until now, ${opening.reason}`);
  if (fresh !== null) return close('it waited until the next time came');
  if (waited !== null) return { kind: 'wait', untilMs: null };
  return run(queued, 'after it had waited', opening.closesAtMs);
}

function planFresh(
  schedule: ScheduleConfig,
  slotMs: number,
  nowMs: number,
  { busy, seed }: Surroundings,
): Planned {
  const close = (outcome: 'skipped' | 'held' | 'missed', reason: string, keep = true): Planned => ({
    kind: 'close',
    slotMs,
    outcome,
    reason,
    keep,
  });
  const opening = openingAt(schedule, slotMs);
  if (!opening.open) return close('held', opening.reason, opening.why === 'freeze');
  const dueMs = slotMs + jitterMs(schedule, slotMs, opening.closesAtMs, seed);
  if (nowMs < dueMs) return { kind: 'wait', untilMs: dueMs };
  const lateMs = nowMs - dueMs;
  if (lateMs > Math.max(schedule.catchUpMs, IN_TIME_MS)) {
    return close('missed', 'nothing ran then to begin it, or the clock was set');
  }
  const now = openingAt(schedule, nowMs);
  if (!now.open) return close('missed', `too late to begin it: ${now.reason}`);
  const why = busy();
  if (why !== null) {
    return schedule.overlap === 'queue'
      ? { kind: 'queue', slotMs, reason: why }
      : close('skipped', why);
  }
  return run(slotMs, lateMs > IN_TIME_MS ? 'made up for' : 'in time', now.closesAtMs);
}

function run(slotMs: number, reason: string, windowEndsAtMs: number | null): Planned {
  return { kind: 'run', slotMs, reason, windowEndsAtMs };
}

/**
 * How much after cron's time a run begins: always the same for a time and a seed, and always before
 * the window closes and before cron's next time.
 */
function jitterMs(
  schedule: ScheduleConfig,
  slotMs: number,
  closesAtMs: number | null,
  seed: string,
): number {
  if (schedule.jitterMs === 0) return 0;
  const next = timeAfter(schedule, slotMs) ?? Infinity;
  const mostMs = Math.min(schedule.jitterMs, next - slotMs, (closesAtMs ?? Infinity) - slotMs);
  const hash = createHash('sha256').update(`${seed}\n${schedule.name}\n${slotMs}`).digest();
  return Math.floor((hash.readUInt32BE(0) / 2 ** 32) * mostMs);
}

/** The coming times. One that is held stands for all that follow until the calendar opens. */
export function upcoming(
  schedule: ScheduleConfig,
  { outcomes }: Past,
  nowMs: number,
  count: number,
  seed: string,
): UpcomingView[] {
  const found: UpcomingView[] = [];
  let slotMs = firstUpcoming(schedule, outcomes, nowMs, seed);
  while (slotMs !== null && found.length < count) {
    const opening = openingAt(schedule, slotMs);
    if (opening.open) {
      const atMs = slotMs + jitterMs(schedule, slotMs, opening.closesAtMs, seed);
      if (!outcomes.has(slotMs)) found.push({ slotMs, atMs, held: null });
      slotMs = timeAfter(schedule, slotMs);
    } else {
      found.push({ slotMs, atMs: slotMs, held: opening.reason });
      const opensAtMs = nextOpening(schedule, slotMs);
      slotMs = opensAtMs === null ? null : timeAfter(schedule, opensAtMs - 1);
    }
  }
  return found;
}

/** A time that has passed is still to come while its jitter lasts. */
function firstUpcoming(
  schedule: ScheduleConfig,
  outcomes: Past['outcomes'],
  nowMs: number,
  seed: string,
): number | null {
  const newest = timeUpTo(schedule, nowMs);
  if (newest !== null && schedule.jitterMs > 0 && !outcomes.has(newest)) {
    const opening = openingAt(schedule, newest);
    const closesAtMs = opening.open ? opening.closesAtMs : null;
    if (opening.open && newest + jitterMs(schedule, newest, closesAtMs, seed) > nowMs)
      return newest;
  }
  return timeAfter(schedule, nowMs);
}
