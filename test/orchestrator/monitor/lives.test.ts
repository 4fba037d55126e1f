import { describe, expect, it } from 'vitest';
import {
  noLives,
  readLives,
  type DaemonUp,
  type LifeLook,
} from '../../../orchestrator/monitor/lives.js';
import { noDeeds } from '../../../orchestrator/monitor/daemon-log.js';
import type { AppSpec } from '../../../orchestrator/pm2/spec.js';
import type { TrackLook } from '../../../orchestrator/rollout/look.js';

const spec = {} as AppSpec;

function app(pmId: number, pid: number | null, orderedAtMs = 1): TrackLook {
  const life = pid === null ? null : { pid, startTicks: pid * 10 };
  return {
    pid,
    app: { pmId, uniqueId: 'u', orderedAtMs, restartsByItself: false, spec },
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
  mainCount: 1,
  canaryCount: 1,
  main,
  canary,
  baseline: null,
});

/** The exits that come of looks one after the other. */
function exits(...looks: (Partial<LifeLook> & { daemon: DaemonUp })[]) {
  let lives = noLives;
  return looks.flatMap((look, index) => {
    const usual = { deeds: noDeeds, ordered: false, nowMs: index };
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
    expect(exits(before, { daemon: daemon(null) })).toEqual([
      { ...exit, code: null, cause: 'ordered' },
    ]);
  });

  it('not when it was ordered, or the daemon is another', () => {
    const before = { daemon: daemon(app(1, 200)) };
    expect(exits(before, before)).toEqual([]);
    expect(exits(before, { daemon: daemon(app(1, 201)), ordered: true })).toEqual([]);
    expect(exits(before, { daemon: daemon(app(1, 201), 2) })).toEqual([]);
  });
});

describe('an exit by another hand', () => {
  const cause = 'ordered';
  const before = { daemon: daemon(app(1, 200)) };
  const stopped = { daemon: daemon(app(1, null)) };
  const stop = { deeds: { ...noDeeds, stops: new Set([1]) } };

  it('is told by the order that PM2 notes, or by its log', () => {
    expect(exits(before, { daemon: daemon(app(1, 201, 2)) })).toMatchObject([{ cause }]);
    expect(exits(before, { ...before, ...stop }, stopped)).toMatchObject([{ cause }]);
    expect(
      exits(before, { ...before, deeds: { ...noDeeds, stops: new Set([0]) } }, stopped),
    ).toEqual([expect.not.objectContaining({ cause })]);
  });

  it('does not excuse the crash that comes after it', () => {
    const again = { daemon: daemon(app(1, 201)) };
    const seen = exits(before, { ...stopped, ...stop }, again, stopped);
    expect(seen.map((exit) => exit.cause)).toEqual([cause, undefined]);
  });

  it('is not one that PM2 has given up on', () => {
    const { app: facts, ...rest } = app(1, null);
    const errored = { ...rest, app: { ...facts, orderedAtMs: null } };
    expect(exits(before, { daemon: daemon(errored) })[0]?.cause).toBeUndefined();
  });
});

describe('a restart for memory', () => {
  const cause = 'max_memory_restart';
  const canary = { daemon: daemon(app(1, 200)) };
  const restarted = { daemon: daemon(app(1, 201)) };
  const named = { deeds: { ...noDeeds, memoryRestarts: new Set([1]) } };

  it('is the cause of the exit, also of one that comes a look later', () => {
    expect(exits(canary, { ...restarted, ...named })).toMatchObject([{ track: 'canary', cause }]);
    expect(exits(canary, { ...canary, ...named }, restarted)).toMatchObject([{ cause }]);
  });

  it('is the cause of one exit only, and not of another app', () => {
    const again = { daemon: daemon(app(1, 202)) };
    const seen = exits(canary, { ...restarted, ...named }, again);
    expect(seen.map((exit) => exit.cause)).toEqual([cause, undefined]);
    const others = { ...noDeeds, memoryRestarts: new Set([0, 7]) };
    expect(exits(canary, { ...restarted, deeds: others })).not.toMatchObject([{ cause }]);
  });

  it('that was ordered away is forgotten', () => {
    const swapped = { daemon: daemon(app(1, 202)) };
    const seen = exits(canary, { ...restarted, ...named, ordered: true }, swapped);
    expect(seen).toEqual([{ type: 'exit', atMs: 2, track: 'canary', code: 1 }]);
  });
});
