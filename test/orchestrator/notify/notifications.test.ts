import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../common/clock.js';
import { NOTIFY_EVENTS, type NotifyConfig, type NotifyTarget } from '../../../config/notify.js';
import { Notifications } from '../../../orchestrator/notify/notifications.js';
import { sender } from '../../../orchestrator/notify/send.js';
import { Store } from '../../../orchestrator/store/store.js';
import { waitFor } from '../../support/wait.js';
import { Simulation } from '../rollout/simulation.js';
import { answers, hangs, resets, startReceiver, type Receiver } from './receiver.js';

const SECRET = 'a-secret-of-24-characters';
const MINUTE_MS = 60_000;

/** A clock whose sleeps are over at once, and which knows how long they were. */
class JumpingClock implements Clock {
  nowMs = 1_700_000_000_000;
  readonly sleeps: number[] = [];
  now = (): number => this.nowMs;
  sleep = async (ms: number): Promise<void> => {
    this.sleeps.push(ms);
    this.nowMs += ms;
    await turn();
  };
}

let dir: string;
let store: Store;
let receiver: Receiver;
let clock: JumpingClock;
let lines: string[];
let stop: AbortController;
let running: Promise<void>;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'notify-'));
  store = Store.open(join(dir, 'rollouts.db'));
  receiver = await startReceiver();
  clock = new JumpingClock();
  lines = [];
  running = Promise.resolve();
});

afterEach(async () => {
  await halt();
  store.close();
  await receiver.close();
  rmSync(dir, { recursive: true, force: true });
});

const slack: NotifyTarget = { kind: 'slack', url: { kind: 'env', name: 'URL' } };
const config = (name: string, target: NotifyTarget, timeoutMs = 2_000): NotifyConfig => ({
  name,
  target,
  events: NOTIFY_EVENTS,
  services: null,
  timeoutMs,
});
const ops = (): NotifyConfig =>
  config('ops', {
    kind: 'webhook',
    url: { kind: 'plain', url: receiver.url },
    secret: { kind: 'env', name: 'SECRET' },
  });

let ids = 0;

/** The notifications of an orchestrator that has just been started. */
function open(...receivers: readonly NotifyConfig[]): Notifications {
  stop = new AbortController();
  const env = { SECRET, URL: receiver.url };
  const notifications = new Notifications({
    receivers,
    outbox: store.outbox,
    send: sender({ env, folder: dir, now: clock.now }),
    clock,
    newId: () => `id-${(ids += 1)}`,
    jitter: () => 1,
    host: 'web-1',
    log: pino({}, { write: (line: string) => lines.push(line) }),
  });
  return notifications;
}

function run(notifications: Notifications): void {
  running = notifications.run(stop.signal);
}

async function halt(): Promise<void> {
  stop.abort();
  await running;
}

/** Tells of `count` rollouts that have begun. */
function tell(notifications: Notifications, count = 1): void {
  for (let i = 0; i < count; i += 1) {
    const { rollout } = new Simulation();
    const letters = notifications.lettersFor({
      rollout: { ...rollout, id: `scraper-${i}` },
      from: null,
      reason: 'why',
      atMs: clock.now(),
    });
    store.outbox.add(letters);
  }
}

const pending = (name: string): number => store.outbox.count(name);
const emptied = (name = 'ops') =>
  waitFor(() => pending(name) === 0, { what: `${name}'s outbox to be empty` });
const logged = (): string => lines.join('');
const rolloutsReceived = (): string[] =>
  receiver.received.map(({ body }) => (JSON.parse(body) as { rollout: string }).rollout);

describe('a receiver', () => {
  it('that fails in every way gets each event in the end, in order, with one id', async () => {
    receiver.script.push(answers(500), resets, answers(429, { 'retry-after': '60' }));
    const notifications = open(ops());
    tell(notifications, 2);
    run(notifications);
    await emptied();
    expect(rolloutsReceived()).toEqual([
      'scraper-0',
      'scraper-0',
      'scraper-0',
      'scraper-0',
      'scraper-1',
    ]);
    const sentIds = receiver.received.map(({ headers }) => headers['webhook-id']);
    expect(new Set(sentIds.slice(0, 4)).size).toBe(1);
    expect(sentIds[4]).not.toBe(sentIds[0]);
    const pausedMs = clock.sleeps.reduce((sum, ms) => sum + ms, 0);
    expect(pausedMs).toBeGreaterThanOrEqual(1_000 + 2_000 + MINUTE_MS);
  });

  it('that refuses loses the event, and the log says why without a secret', async () => {
    receiver.script.push(answers(404), answers(503));
    const notifications = open(ops(), config('team', slack));
    tell(notifications);
    run(notifications);
    await emptied('ops');
    await emptied('team');
    expect(logged()).toContain(`${receiver.host} answered 404`);
    expect(logged()).toContain('a notification is given up');
    expect(logged()).toContain(`${receiver.host} answered 503`);
    expect(logged()).not.toMatch(/pathsecret|a-secret/);
  });

  it('that is down for good is given up after a bounded number of attempts', async () => {
    receiver.script.push(...Array.from({ length: 100 }, () => resets));
    const notifications = open(ops());
    tell(notifications);
    run(notifications);
    await emptied();
    expect(receiver.received).toHaveLength(12);
    expect(logged()).toContain('12 attempts were made');
  });

  it('that hangs does not keep another from being told', async () => {
    receiver.script.push(hangs);
    const notifications = open(
      config('slow', slack, 20_000),
      config('quick', { kind: 'command', argv: ['true'] }),
    );
    tell(notifications);
    run(notifications);
    await waitFor(() => receiver.received.length === 1, { what: 'the request that hangs' });
    await emptied('quick');
    expect(pending('slow')).toBe(1);
  });

  it('has at most 500 events waiting: the oldest go', async () => {
    receiver.script.push(hangs);
    const notifications = open(config('ops', slack, 20_000));
    const { rollout } = new Simulation();
    const letters = Array.from({ length: 520 }, (_, i) =>
      notifications.lettersFor({
        rollout: { ...rollout, id: `scraper-${i}` },
        from: null,
        reason: 'why',
        atMs: clock.now(),
      }),
    ).flat();
    store.insert(rollout, 1, letters);
    run(notifications);
    await waitFor(() => pending('ops') === 500, { what: 'the oldest to go' });
    expect(store.outbox.next('ops')!.notification.rollout).toBe('scraper-20');
    expect(logged()).toContain('"dropped":20');
  });
});

describe('a restart of the orchestrator', () => {
  it('loses nothing, and goes on counting attempts', async () => {
    receiver.script.push(...Array.from({ length: 5 }, () => answers(503)), hangs);
    const before = open(ops());
    tell(before);
    run(before);
    await waitFor(() => receiver.received.length === 6, { what: 'the sixth attempt' });
    await halt();
    expect(store.outbox.next('ops')).toMatchObject({ attempts: 5 });
    store.close();

    store = Store.open(join(dir, 'rollouts.db'));
    const after = open(ops());
    run(after);
    await emptied();
    const sentIds = receiver.received.map(({ headers }) => headers['webhook-id']);
    expect(sentIds).toHaveLength(7);
    expect(new Set(sentIds).size).toBe(1);
  });

  it('are sent although what is for others cannot be dropped', async () => {
    const notifications = open(ops());
    store.outbox.keepOnly = () => {
      throw new Error('the disk is full');
    };
    tell(notifications);
    run(notifications);
    await emptied();
    expect(rolloutsReceived()).toEqual(['scraper-0']);
    expect(logged()).toContain('the disk is full');
  });

  it('drops what is for a receiver that is no more', async () => {
    tell(open(ops(), config('team', slack)));
    run(open(ops()));
    await emptied('team');
    await emptied('ops');
    expect(receiver.received).toHaveLength(1);
    expect(logged()).toContain('"dropped":1');
  });
});

it('what is told is stored with the move, or neither is', () => {
  const notifications = open(ops());
  const { rollout } = new Simulation();
  const letters = notifications.lettersFor({ rollout, from: null, reason: 'why', atMs: 0 });
  store.insert(rollout, 1, letters);
  expect(() => store.insert({ ...rollout, id: 'other' }, 2, letters)).toThrow();
  expect(pending('ops')).toBe(1);
});

it('a sample goes to everybody at once, and tells what failed', async () => {
  receiver.script.push(answers(403));
  const notifications = open(
    config('team', slack),
    config('x', { kind: 'command', argv: ['true'] }),
  );
  expect(await notifications.sample(null, stop.signal)).toEqual([
    { receiver: 'team', kind: 'slack', failure: `${receiver.host} answered 403` },
    { receiver: 'x', kind: 'command', failure: null },
  ]);
  expect(await notifications.sample('x', stop.signal)).toHaveLength(1);
  expect(pending('team')).toBe(0);
});
