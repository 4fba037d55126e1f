/** Runs and schedules as people read them in a terminal. */
import type { MemberView, RunView, ScheduleView, UpcomingView } from '../control/run-messages.js';
import type { SlotEntry } from '../store/schedule-store.js';
import { clockTime, duration, table } from './format.js';

/** The report of a run: a line a service. */
export function runText(run: RunView, nowMs: number): string {
  const head = ['service', 'result', 'took', 'canary calls', 'rollout', 'why'];
  return [runHeadline(run, nowMs), indented(table([head, ...run.members.map(memberRow)]))].join(
    '\n',
  );
}

function runHeadline(
  { id, title, startedAtMs, endedAtMs, windowEndsAtMs }: RunView,
  nowMs: number,
) {
  const took = duration((endedAtMs ?? nowMs) - startedAtMs);
  const state = endedAtMs === null ? `under way for ${took}` : `over after ${took}`;
  const window = windowEndsAtMs === null ? '' : `, its window ends ${clockTime(windowEndsAtMs)}`;
  return `${id} (${title}): ${state}${endedAtMs === null ? window : ''}`;
}

function memberRow({ service, state, tookMs, calls, rollout, reason }: MemberView): string[] {
  return [
    service,
    state,
    tookMs === null ? '-' : duration(tookMs),
    calls === null ? '-' : String(calls),
    rollout ?? '-',
    reason ?? '',
  ];
}

/** One line of the list of runs. */
export function runRow({ id, title, startedAtMs, endedAtMs, members }: RunView): string[] {
  const took = endedAtMs === null ? 'under way' : duration(endedAtMs - startedAtMs);
  const states = members.map(({ service, state }) => `${service} ${state}`);
  return [id, clockTime(startedAtMs), took, title, states.join(', ')];
}

/** A schedule with its next times, here and in its zone. */
export function scheduleText(view: ScheduleView, nowMs: number): string {
  const { name, target, cron, timeZone } = view;
  const lines = view.upcoming.map((time) => upcomingText(time, timeZone, nowMs));
  return [
    `${name}  (${target}, "${cron}" in ${timeZone})`,
    ...(lines.length === 0 ? ['  no time to come'] : lines.map((line) => `  ${line}`)),
    `  last: ${view.last === null ? 'none yet' : entryText(view.last)}`,
    ...(view.run === null ? [] : [indented(runText(view.run, nowMs))]),
  ].join('\n');
}

function upcomingText({ atMs, held }: UpcomingView, timeZone: string, nowMs: number): string {
  const when = `${clockTime(atMs)} here, ${zoneTime(atMs, timeZone)}`;
  return held === null
    ? `next: ${when} (in ${duration(Math.max(0, atMs - nowMs))})`
    : `held: ${when}: ${held}, and so are all until it is open again`;
}

function entryText({ slotMs, outcome, reason, runId }: SlotEntry): string {
  return `${clockTime(slotMs)} ${outcome}${runId === null ? '' : ` as ${runId}`}: ${reason}`;
}

/** `Mon 2026-11-23 22:00:00 GMT+1`: the time in a zone, with what it is ahead of UTC. */
function zoneTime(ms: number, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    weekday: 'short',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'shortOffset',
  });
  const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, value]));
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? '';
  const date = `${part('weekday')} ${part('year')}-${part('month')}-${part('day')}`;
  const time = `${part('hour')}:${part('minute')}:${part('second')}`;
  return `${date} ${time} ${part('timeZoneName')}`;
}

/** One line of a schedule's history. */
export function entryRow({ schedule, slotMs, outcome, reason, runId }: SlotEntry): string[] {
  return [schedule, clockTime(slotMs), outcome, runId ?? '-', reason];
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}
