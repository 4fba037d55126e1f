import { describe, expect, it } from 'vitest';
import { Random } from '../../../bench/judge/random.js';
import { simulateRss, type Memory, type Moment } from '../../../bench/judge/rss.js';
import type { ProcessEvent } from '../../../orchestrator/judge/types.js';
import { checkOf, judged, MINUTE_MS, WINDOW_MS } from './trace.js';

const HOUR_MS = 3_600_000;

function memoryOf(
  extraBytes: (at: Moment) => number,
  changes: Partial<Memory> = {},
  seed = 1,
  keep: (event: ProcessEvent) => boolean = () => true,
) {
  const memory: Memory = {
    windowMs: WINDOW_MS,
    sessionsPerHour: 300,
    weight: 0.1,
    baseBytes: 200e6,
    extraBytes,
    ...changes,
  };
  const events = simulateRss(memory, new Random(seed)).filter(keep);
  return checkOf(judged(events), 'memory');
}

const leak = ({ canary, atMs }: Moment) => (canary ? (6e6 * atMs) / HOUR_MS : 0);

describe('memory', () => {
  it('fails a leak at the end of the window, and says where it leads', () => {
    const found = memoryOf(leak);
    expect(found.state).toBe('fail');
    expect(found.failedAtMs).toBeGreaterThan(0.98 * WINDOW_MS);
    expect(found.reason).toMatch(
      /^canary grows [\d.]+ MB\/h \(\d+ kB a session\), stable .*: at full traffic reaches 380 MB in [\d.]+ h$/,
    );
  });

  const harmless: Record<string, (at: Moment) => number> = {
    'a level': () => 0,
    'a warm-up that levels off': ({ canary, atMs }) =>
      canary ? 45e6 * (1 - Math.exp(-atMs / (15 * MINUTE_MS))) : 0,
    'a single step': ({ canary, atMs }) => (canary && atMs > WINDOW_MS / 2 ? 15e6 : 0),
    'a sawtooth': ({ atMs, random }) => 40e6 * ((atMs / (10 * MINUTE_MS) + random) % 1),
    'a stable that leaks as much a session': ({ canary, atMs }) =>
      ((canary ? 6e6 : 54e6) * atMs) / HOUR_MS,
    'a stable that warms up as much a session': ({ sessions }) => 90e3 * Math.min(300, sessions),
  };
  it.each(Object.entries(harmless))('passes %s', (_, extraBytes) => {
    const failures = [1, 2, 3, 4, 5, 6].filter(
      (seed) => memoryOf(extraBytes, {}, seed).state === 'fail',
    );
    expect(failures).toEqual([]);
  });

  it('sees a leak through a sawtooth, steps and a restart of the process', () => {
    const sawtooth = memoryOf(
      (at) => leak(at) * 2 + 40e6 * ((at.atMs / (5 * MINUTE_MS) + at.random) % 1),
    );
    expect(sawtooth.state).toBe('fail');
    const step = memoryOf((at) => leak(at) * 2 + (at.canary && at.atMs > HOUR_MS ? 15e6 : 0));
    expect(step.state).toBe('fail');
  });

  it('does not wait for the end when the growth is more than a warm-up takes', () => {
    const found = memoryOf(({ canary, atMs }) => (canary ? (90e6 * atMs) / HOUR_MS : 0));
    expect(found.state).toBe('fail');
    expect(found.failedAtMs).toBeLessThan(0.8 * WINDOW_MS);
  });

  it('fails over the limit at once, and for no single peak', () => {
    const over = memoryOf(({ canary, atMs }) => (canary && atMs >= 10 * MINUTE_MS ? 300e6 : 0));
    expect(over).toMatchObject({ state: 'fail', failedAtMs: 10 * MINUTE_MS + 10_000 });
    expect(over.reason).toMatch(/over the limit of 380 MB/);
    const peak = memoryOf(({ canary, atMs }) => (canary && atMs === 10 * MINUTE_MS ? 300e6 : 0));
    expect(peak.state).toBe('pass');
  });

  it('fails when it stays far above stable', () => {
    const found = memoryOf(({ canary }) => (canary ? 130e6 : 0));
    expect(found.reason).toMatch(/more than 1.5 times stable's/);
    expect(found.failedAtMs).toBe(10 * MINUTE_MS);
  });

  it('is inconclusive when it was never seen', () => {
    expect(checkOf(judged([]), 'memory').state).toBe('inconclusive');
  });

  it('counts no growth across a restart', () => {
    const restartAtMs = 60 * MINUTE_MS;
    const events = simulateRss(
      {
        windowMs: WINDOW_MS,
        sessionsPerHour: 300,
        weight: 0.1,
        baseBytes: 200e6,
        extraBytes: ({ canary, atMs }) => (canary || atMs < restartAtMs ? 0 : 60e6),
      },
      new Random(3),
    ).map((event) =>
      event.track === 'stable' && event.atMs >= restartAtMs ? { ...event, restarts: 1 } : event,
    );
    const found = checkOf(judged(events), 'memory');
    expect(found.state).toBe('pass');
    expect(Math.abs(found.numbers['stableBytesPerHour']!)).toBeLessThan(5e6);
  });
});
