import { describe, expect, it } from 'vitest';
import {
  noLives,
  readLives,
  type DaemonUp,
  type LifeLook,
} from '../../../orchestrator/monitor/lives.js';
import type { TrackLook } from '../../../orchestrator/rollout/look.js';

function app(pmId: number, pid: number | null): TrackLook {
  const life = pid === null ? null : { pid, startTicks: pid * 10 };
  return {
    pid,
    pmId,
    logPaths: [],
    status: 'online',
    life,
    restarts: 0,
    exitCode: 1,
    startedAtMs: 0,
    rssBytes: 1,
    atSpec: true,
    readiness: null,
  };
}

const main = app(0, 100);
const daemon = (canary: TrackLook | null, startedAtMs = 1): DaemonUp => ({
  kind: 'up',
  startedAtMs,
  main,
  canary,
  baseline: null,
});

/** The exits that come of looks one after the other. */
function exits(...looks: (Partial<LifeLook> & { daemon: DaemonUp })[]) {
  let lives = noLives;
  return looks.flatMap((look, index) => {
    const usual = { memoryRestarts: new Set<number>(), ordered: false, nowMs: index };
    const read = readLives(lives, { ...usual, ...look });
    lives = read.lives;
    return read.events;
  });
}

describe('an exit is seen', () => {
  it('when the process is gone or another has come', () => {
    const before = { daemon: daemon(app(1, 200)) };
    const exit = { type: 'exit', atMs: 1, track: 'canary', code: 1 };
    expect(exits(before, { daemon: daemon(app(1, null)) })).toEqual([exit]);
    expect(exits(before, { daemon: daemon(app(1, 201)) })).toEqual([exit]);
    expect(exits(before, { daemon: daemon(null) })).toEqual([{ ...exit, code: null }]);
  });

  it('not when it was ordered, or the daemon is another', () => {
    const before = { daemon: daemon(app(1, 200)) };
    expect(exits(before, before)).toEqual([]);
    expect(exits(before, { daemon: daemon(app(1, 201)), ordered: true })).toEqual([]);
    expect(exits(before, { daemon: daemon(app(1, 201), 2) })).toEqual([]);
  });
});

describe('a restart for memory', () => {
  const cause = 'max_memory_restart';
  const canary = { daemon: daemon(app(1, 200)) };
  const restarted = { daemon: daemon(app(1, 201)) };
  const named = { memoryRestarts: new Set([1]) };

  it('is the cause of the exit, also of one that comes a look later', () => {
    expect(exits(canary, { ...restarted, ...named })).toMatchObject([{ track: 'canary', cause }]);
    expect(exits(canary, { ...canary, ...named }, restarted)).toMatchObject([{ cause }]);
  });

  it('is the cause of one exit only, and not of another app', () => {
    const again = { daemon: daemon(app(1, 202)) };
    const seen = exits(canary, { ...restarted, ...named }, again);
    expect(seen.map((exit) => exit.cause)).toEqual([cause, undefined]);
    expect(exits(canary, { ...restarted, memoryRestarts: new Set([0, 7]) })).not.toMatchObject([
      { cause },
    ]);
  });

  it('that was ordered away is forgotten', () => {
    const swapped = { daemon: daemon(app(1, 202)) };
    const seen = exits(canary, { ...restarted, ...named, ordered: true }, swapped);
    expect(seen).toEqual([{ type: 'exit', atMs: 2, track: 'canary', code: 1 }]);
  });
});
