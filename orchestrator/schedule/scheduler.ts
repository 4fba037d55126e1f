/**
 * Begins runs when their time comes, and tells what comes next. What became of a time is stored
 * before the next look, so a restart neither forgets nor repeats one.
 */
import type { Clock } from '../../common/clock.js';
import type { Logger } from '../../common/log.js';
import { openingAt } from '../../config/calendar.js';
import type { ScheduleConfig } from '../../config/schedules.js';
import { no, ok, type Answer } from '../answer.js';
import type {
  RunView,
  ScheduleHistoryReply,
  SchedulesReply,
  ScheduleView,
} from '../control/run-messages.js';
import type { RunOrder } from '../runs/run.js';
import type { Runs } from '../runs/runs.js';
import type { SlotEntry, SlotOutcome } from '../store/schedule-store.js';
import type { Store } from '../store/store.js';
import { planSchedule, upcoming, type Past, type Planned } from './planner.js';
import { requestFor } from './request.js';

export interface SchedulerParts {
  readonly schedules: readonly ScheduleConfig[];
  readonly store: Store;
  readonly runs: Runs;
  readonly clock: Clock;
  /** What makes this machine's jitter its own, such as its name. */
  readonly seed: string;
  readonly log: Logger;
}

/** A clock that is set, and a service that has become free, are noticed after so long at the most. */
const LOOK_MS = 5_000;
/** Outcomes that a plan looks at: those near the present. */
const RECENT = 20;

export class Scheduler {
  readonly #parts: SchedulerParts;

  constructor(parts: SchedulerParts) {
    this.#parts = parts;
  }

  /** Looks at all schedules again and again until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { schedules, clock } = this.#parts;
    while (!signal.aborted && schedules.length > 0) {
      const nowMs = clock.now();
      const untilMs = Math.min(nowMs + LOOK_MS, ...schedules.map((each) => this.#look(each)));
      await clock.sleep(Math.max(1, untilMs - nowMs), signal);
    }
  }

  /** Begins a run now. A freeze holds it unless it is forced; windows and overlap with cron do not. */
  runNow(name: string, force: boolean): Answer<RunView> {
    const schedule = this.#find(name);
    if (schedule === null) return this.#unknown(name);
    const nowMs = this.#parts.clock.now();
    const opening = openingAt(schedule, nowMs);
    if (!opening.open && opening.why === 'freeze' && !force) {
      return no('refused', `${name} is ${opening.reason}: --force starts it all the same`);
    }
    const windowEndsAtMs = opening.open && !force ? opening.closesAtMs : null;
    const begun = this.#parts.runs.begin(orderOf(schedule, windowEndsAtMs));
    if (begun.ok) {
      this.#record(schedule, nowMs, 'started', 'by hand', begun.value.id);
    }
    return begun;
  }

  /** Every schedule with its next times. */
  list(count: number): SchedulesReply {
    return { schedules: this.#parts.schedules.map((schedule) => this.#view(schedule, count)) };
  }

  history(name: string | null, limit: number): Answer<ScheduleHistoryReply> {
    if (name !== null && this.#find(name) === null) return this.#unknown(name);
    return ok({ entries: this.#parts.store.schedules.entries(name, limit) });
  }

  #find(name: string): ScheduleConfig | null {
    return this.#parts.schedules.find((schedule) => schedule.name === name) ?? null;
  }

  #unknown(name: string): Answer<never> {
    const known = this.#parts.schedules.map((schedule) => schedule.name);
    const there = known.length === 0 ? 'there are none' : `there are ${known.join(', ')}`;
    return no('usage', `there is no schedule ${name}: ${there}`);
  }

  /** Does what is due. Gives when to look again at the latest. */
  #look(schedule: ScheduleConfig): number {
    const { runs, seed, clock, log } = this.#parts;
    const busy = (): string | null => runs.busy(schedule.services);
    try {
      const planned = planSchedule(schedule, this.#past(schedule), clock.now(), { busy, seed });
      if (planned.kind === 'wait') return planned.untilMs ?? Infinity;
      if (planned.kind === 'set-back') this.#moveCursor(schedule, clock.now());
      else this.#carryOut(schedule, planned);
    } catch (error) {
      log.error({ schedule: schedule.name, err: error }, 'a look at a schedule failed');
    }
    return Infinity;
  }

  #carryOut(schedule: ScheduleConfig, planned: Due): void {
    const { slotMs, reason } = planned;
    switch (planned.kind) {
      case 'close':
        if (planned.keep) this.#record(schedule, slotMs, planned.outcome, reason);
        break;
      case 'queue':
        this.#record(schedule, slotMs, 'queued', reason);
        break;
      case 'run':
        this.#begin(schedule, planned);
    }
    this.#moveCursor(schedule, slotMs);
  }

  /** The time is taken before the run is begun: killed in between, it is left out rather than run twice. */
  #begin(schedule: ScheduleConfig, planned: Extract<Planned, { kind: 'run' }>): void {
    const { slotMs, reason, windowEndsAtMs } = planned;
    this.#record(schedule, slotMs, 'started', reason);
    const begun = this.#parts.runs.begin(orderOf(schedule, windowEndsAtMs));
    if (begun.ok) this.#record(schedule, slotMs, 'started', reason, begun.value.id);
    else this.#record(schedule, slotMs, 'skipped', begun.message);
  }

  /** The times before a schedule was first seen, or before its cron was changed, are not made up for. */
  #past(schedule: ScheduleConfig): Past {
    const { store, clock } = this.#parts;
    const cursor = store.schedules.cursor(schedule.name);
    const outcomes = new Map(
      store.schedules
        .entries(schedule.name, RECENT)
        .map(({ slotMs, outcome }) => [slotMs, outcome]),
    );
    if (cursor?.times === timesOf(schedule)) return { cursorMs: cursor.atMs, outcomes };
    const nowMs = clock.now();
    this.#moveCursor(schedule, nowMs);
    return { cursorMs: nowMs, outcomes };
  }

  #moveCursor(schedule: ScheduleConfig, atMs: number): void {
    this.#parts.store.schedules.moveCursor(schedule.name, { atMs, times: timesOf(schedule) });
  }

  #record(
    { name }: ScheduleConfig,
    slotMs: number,
    outcome: SlotOutcome,
    reason: string,
    runId: string | null = null,
  ): void {
    const { store, clock, log } = this.#parts;
    store.schedules.record({ schedule: name, slotMs, atMs: clock.now(), outcome, reason, runId });
    log.info({ schedule: name, outcome, reason, run: runId }, 'schedule');
  }

  #view(schedule: ScheduleConfig, count: number): ScheduleView {
    const { store, runs, clock, seed } = this.#parts;
    const entries = store.schedules.entries(schedule.name, RECENT);
    const runId = entries.find((entry: SlotEntry) => entry.runId !== null)?.runId ?? null;
    const run = runId === null ? null : runs.run(runId);
    const { name, target, cron, timeZone } = schedule;
    const past = this.#past(schedule);
    return {
      name,
      target,
      cron,
      timeZone,
      upcoming: upcoming(schedule, past, clock.now(), count, seed),
      last: entries[0] ?? null,
      run: run?.ok === true ? run.value : null,
    };
  }
}

type Due = Extract<Planned, { slotMs: number }>;

/** What a stored cursor is about. */
function timesOf({ cron, timeZone }: ScheduleConfig): string {
  return `${cron} ${timeZone}`;
}

function orderOf(schedule: ScheduleConfig, windowEndsAtMs: number | null): RunOrder {
  const { name, services, parallel, onRollback, onlyIfChanged, onWindowEnd } = schedule;
  return {
    title: `schedule ${name}`,
    members: services.map((service) => ({ service, request: requestFor(schedule, service) })),
    parallel,
    onRollback,
    onlyIfChanged,
    window: windowEndsAtMs === null ? null : { endsAtMs: windowEndsAtMs, then: onWindowEnd },
  };
}
