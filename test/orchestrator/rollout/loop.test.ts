import { getEventListeners } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import pino from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RolloutLoop, type LoopParts, type World } from '../../../orchestrator/rollout/loop.js';
import type { Phase } from '../../../orchestrator/rollout/phase.js';
import type { Rollout } from '../../../orchestrator/rollout/rollout.js';
import { Store } from '../../../orchestrator/store/store.js';
import { FakeClock } from '../../support/fake-clock.js';
import { Simulation } from './simulation.js';

let dir: string;
let file: string;
let store: Store;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'loop-'));
  file = join(dir, 'rollouts.db');
  store = Store.open(file);
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Lets the store refuse what has that in it, as a full disk does. */
function refuse(text: string): void {
  store.close();
  const database = new Database(file);
  database.exec(
    `CREATE TRIGGER full BEFORE UPDATE ON rollouts WHEN NEW.body LIKE '%${text}%'
     BEGIN SELECT RAISE(ABORT, 'full'); END`,
  );
  database.close();
  store = Store.open(file);
}

function loopOf(phase: Phase): RolloutLoop {
  const rollout = {
    id: 'a-1',
    service: 'a',
    startedAtMs: 0,
    endedAtMs: null,
    phase,
    request: null,
  } as Partial<Rollout> as Rollout;
  store.insert(rollout, 1);
  refuse('at first');
  const clock = new FakeClock('2026-03-01T12:00:00Z');
  return new RolloutLoop({ store, clock } as Partial<LoopParts> as LoopParts, rollout);
}

/** A world in which nobody answers, and in which actions come to that. */
function partsOf(clock: FakeClock, perform?: World['perform']): LoopParts {
  const away = { kind: 'down', reason: 'not there' };
  const look = { daemon: away, proxy: away, lives: [], preparation: null, smoke: null };
  return {
    store,
    clock,
    monotonic: () => clock.elapsed(),
    log: pino({ level: 'silent' }),
    world: { look: () => Promise.resolve(look), isAlive: () => true, perform },
    monitor: { collect: () => Promise.resolve(null), assess: () => null },
  } as unknown as LoopParts;
}

it('an order that cannot be stored is not taken, and can be given again', () => {
  const loop = loopOf({ kind: 'observing', step: 0, endsAtMs: 1 });

  expect(() => loop.request('pause', 'at first')).toThrow('full');
  expect(loop.rollout.request).toBeNull();

  expect(loop.request('pause', 'again')).toEqual({ taken: true });
  expect(loop.rollout.request).toMatchObject({ kind: 'pause' });
  expect(store.byId('a-1')?.request).toMatchObject({ kind: 'pause' });
});

it.each(['pause', 'promote'] as const)('a rollback is not lost to a later %s', (kind) => {
  const loop = loopOf({ kind: 'preparing' });
  loop.request('rollback', 'it is bad');

  expect(loop.request(kind, null)).toMatchObject({ taken: false });
  expect(loop.request('resume', null)).toEqual({ taken: true });
  expect(store.byId('a-1')?.request).toMatchObject({ kind: 'rollback', reason: 'it is bad' });
});

it('a rollout that is over leaves nothing behind at the signal of the program', async () => {
  const program = new AbortController();
  await loopOf({ kind: 'promoted' }).run(program.signal);
  expect(getEventListeners(program.signal, 'abort')).toEqual([]);
});

it('a window is as long as it was when the clock is set, forward or back', async () => {
  const clock = new FakeClock('2026-03-01T12:00:00Z');
  const endsAtMs = clock.now() + 600_000;
  const { rollout } = new Simulation();
  const observing: Rollout = { ...rollout, phase: { kind: 'observing', step: 0, endsAtMs } };
  store.insert(observing, 1);
  const program = new AbortController();
  const loop = new RolloutLoop(partsOf(clock), observing);
  const running = loop.run(program.signal);
  const stored = (): Phase | undefined => store.byId(observing.id)?.phase;

  await clock.advance(10_000);
  expect(stored()).toEqual(observing.phase);
  clock.set('2026-03-02T12:00:10Z');
  await clock.advance(10_000);
  expect(stored()).toEqual({ ...observing.phase, endsAtMs: endsAtMs + 86_400_000 });
  clock.set('2026-03-01T12:00:20Z');
  await clock.advance(10_000);
  expect(stored()).toEqual(observing.phase);

  program.abort();
  await clock.advance(10_000);
  await running;
});

it('what fails again and again is tried more and more seldom', async () => {
  const clock = new FakeClock('2026-03-01T12:00:00Z');
  const preparing: Rollout = { ...new Simulation().rollout, phase: { kind: 'preparing' } };
  store.insert(preparing, 1);
  const triedAtMs: number[] = [];
  const perform: World['perform'] = ({ kind }) => {
    if (kind === 'prepare') triedAtMs.push(clock.elapsed());
    return Promise.resolve({ done: false, reason: 'no room' });
  };
  const program = new AbortController();
  const loop = new RolloutLoop(partsOf(clock, perform), preparing);
  const running = loop.run(program.signal);

  await clock.advance(20_000);
  const pausesMs = triedAtMs.slice(1).map((atMs, i) => atMs - (triedAtMs[i] ?? 0));
  expect(pausesMs).toEqual([250, 500, 1_000, 2_000, 4_000, 4_000, 4_000, 4_000]);
  expect(loop.waitingFor).toBe('no room');

  program.abort();
  await clock.advance(10_000);
  await running;
});
