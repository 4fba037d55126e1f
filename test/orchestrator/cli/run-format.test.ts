import { expect, it } from 'vitest';
import type { ScheduleView } from '../../../orchestrator/control/run-messages.js';
import { scheduleText } from '../../../orchestrator/cli/run-format.js';
import { upcoming } from '../../../orchestrator/schedule/planner.js';
import { nightly } from '../../support/schedules.js';

const NOW_MS = Date.parse('2026-11-23T20:00:00Z');
const schedule = nightly(
  '0 22 * * *',
  'Europe/Berlin',
  'windows: [Mon-Fri 22:00-22:20], freezes: ["2026-11-24"]',
);

function textOf(more: Partial<ScheduleView> = {}): string[] {
  const { name, target, cron, timeZone } = schedule;
  const past = { cursorMs: 0, outcomes: new Map() };
  const times = upcoming(schedule, past, NOW_MS, 3, 'here');
  const view = { name, target, cron, timeZone, upcoming: times, last: null, run: null, ...more };
  return scheduleText(view, NOW_MS).split('\n');
}

it('a schedule is shown with its times in its zone, and with why one is held', () => {
  const here = '\\d{4}-\\d\\d-\\d\\d \\d\\d:00:00 here';
  expect(textOf()).toEqual([
    'nightly  (service a, "0 22 * * *" in Europe/Berlin)',
    expect.stringMatching(`^  next: ${here}, Mon 2026-11-23 22:00:00 GMT\\+1 \\(in 1h\\)$`),
    expect.stringMatching(
      `^  held: ${here}, Tue 2026-11-24 22:00:00 GMT\\+1: frozen \\(2026-11-24\\), and so are all until it is open again$`,
    ),
    expect.stringMatching(`^  next: ${here}, Wed 2026-11-25 22:00:00 GMT\\+1 \\(in 2d 1h\\)$`),
    '  last: none yet',
  ]);
});

it('a schedule tells what became of its last time, and of its run', () => {
  const slot = { schedule: 'nightly', slotMs: NOW_MS, atMs: NOW_MS, reason: 'in time' };
  const members = [
    { service: 'a', rollout: 'a-1', state: 'observing', reason: null, tookMs: 60_000, calls: 7 },
  ] as const;
  const times = { startedAtMs: NOW_MS - 60_000, endedAtMs: null, windowEndsAtMs: null };
  const run = { id: 'run-4', title: 'schedule nightly', ...times, members };
  const lines = textOf({ last: { ...slot, outcome: 'started', runId: 'run-4' }, run });
  expect(lines.slice(-4)).toEqual([
    expect.stringMatching(/^ {2}last: .* started as run-4: in time$/),
    '  run-4 (schedule nightly): under way for 1m',
    '    service  result     took  canary calls  rollout  why',
    '    a        observing  1m    7             a-1',
  ]);
  expect(textOf({ upcoming: [] })[1]).toBe('  no time to come');
});
