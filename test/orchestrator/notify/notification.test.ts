import { expect, test } from 'vitest';
import { NOTIFY_EVENTS, type NotifyConfig } from '../../../config/notify.js';
import {
  eventOf,
  isWanted,
  notificationFor,
  sampleNotification,
} from '../../../orchestrator/notify/notification.js';
import { PHASE_KINDS, type Phase } from '../../../orchestrator/rollout/phase.js';
import { service, Simulation } from '../rollout/simulation.js';

const at = { id: 'id-1', host: 'web-1' };
const observing = (step: number): Phase => ({ kind: 'observing', step, endsAtMs: 1 });
const held = (why: 'paused' | 'inconclusive', step = 0): Phase => ({
  kind: 'held',
  why,
  step,
  remainingMs: 0,
  deadlineMs: null,
});
const drifted = (deed: string): Phase => ({
  kind: 'held',
  why: 'drift',
  step: 0,
  remainingMs: 0,
  deadlineMs: null,
  deed,
});
const starting: Phase = { kind: 'starting', deadlineMs: 1 };
const leaving: Phase = { kind: 'promoting', stage: 'leaving-main', deadlineMs: 1 };
const removing: Phase = { kind: 'rolling-back', cause: 'c', mainTouched: false, stage: 'removing' };

test.each<[string | null, Phase, Phase | null]>([
  ['started', starting, null],
  ['step', observing(0), starting],
  [null, observing(0), observing(0)],
  ['step', observing(1), observing(0)],
  ['paused', held('paused'), observing(0)],
  ['held', held('inconclusive'), observing(0)],
  ['paused', held('paused'), held('inconclusive')],
  [null, held('inconclusive'), held('inconclusive')],
  ['held', drifted('main gone'), drifted('canary several')],
  [null, drifted('main gone'), drifted('main gone')],
  ['resumed', observing(0), held('paused')],
  ['step', observing(1), held('paused')],
  [null, leaving, observing(1)],
  [null, removing, observing(1)],
  ['held', { kind: 'held', why: 'main-down', step: 0, remainingMs: 0, deadlineMs: null }, removing],
  ['promoted', { kind: 'promoted' }, { kind: 'retiring' }],
  ['rolled-back', { kind: 'rolled-back', cause: 'c' }, removing],
])('%s', (event, to, from) => {
  expect(eventOf(to, from)).toBe(event);
});

test('a whole rollout tells of its beginning, its steps and its end', () => {
  const simulation = new Simulation({
    steps: [
      { weight: 0.1, windowMs: 1_000, gate: 'auto' },
      { weight: 0.255, windowMs: 1_000, gate: 'auto' },
    ],
  });
  const { rollout } = simulation;
  const moves: [Phase | null, Phase][] = [
    [null, rollout.phase],
    [rollout.phase, observing(0)],
    [observing(0), observing(1)],
    [observing(1), { kind: 'rolled-back', cause: 'errors 30 % > 25 %' }],
  ];
  const told = moves.map(([from, phase]) =>
    notificationFor({ rollout: { ...rollout, phase }, from, reason: 'why', atMs: 60_000 }, at),
  );
  expect(told.map((each) => each?.text)).toEqual([
    'scraper-1 on web-1 has started: why',
    'scraper-1 on web-1 gives its canary 10% (step 1 of 2): why',
    'scraper-1 on web-1 gives its canary 25.5% (step 2 of 2): why',
    'scraper-1 on web-1 is rolled back: errors 30 % > 25 %',
  ]);
  expect(told[2]).toEqual({
    ...at,
    event: 'step',
    at: '1970-01-01T00:01:00.000Z',
    service: 'scraper',
    rollout: 'scraper-1',
    phase: 'observing',
    held: null,
    step: 2,
    steps: 2,
    reason: 'why',
    text: expect.any(String),
  });
});

test('nothing of the specs, and no endless reason, is told', () => {
  const { rollout } = new Simulation();
  const secret = { ...rollout.oldSpec, env: { TOKEN: 's3cret' } };
  const reason = 'x'.repeat(100_000);
  const told = notificationFor(
    { rollout: { ...rollout, oldSpec: secret, newSpec: secret }, from: null, reason, atMs: 0 },
    at,
  );
  const text = JSON.stringify(told);
  expect(text).not.toContain('s3cret');
  expect(text.length).toBeLessThan(10_000);
});

test('a receiver gets the events and services that it asks for, and every sample', () => {
  const { rollout } = new Simulation();
  const started = notificationFor({ rollout, from: null, reason: 'why', atMs: 0 }, at)!;
  const receiver: NotifyConfig = {
    name: 'a',
    target: { kind: 'command', argv: ['true'] },
    events: NOTIFY_EVENTS,
    services: null,
    timeoutMs: 1,
  };
  const wants = (more: Partial<NotifyConfig>, told = started): boolean =>
    isWanted({ ...receiver, ...more }, told);
  expect(wants({})).toBe(true);
  expect(wants({ services: [service.name] })).toBe(true);
  expect(wants({ services: ['other'] })).toBe(false);
  expect(wants({ events: ['promoted'] })).toBe(false);
  const sample = sampleNotification(at, 0);
  expect(wants({ services: ['other'], events: ['promoted'] }, sample)).toBe(true);
});

test('every phase has its place in the table', () => {
  for (const kind of PHASE_KINDS) {
    const to = { kind, why: 'paused', step: 0 } as unknown as Phase;
    expect([null, ...NOTIFY_EVENTS]).toContain(eventOf(to, starting));
  }
});
