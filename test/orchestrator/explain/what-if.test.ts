import { describe, expect, it } from 'vitest';
import type { JudgePolicy } from '../../../config/types.js';
import {
  canaryCalls,
  Retrial,
  spread,
  type Recording,
} from '../../../orchestrator/explain/retrial.js';
import { whatIfs } from '../../../orchestrator/explain/what-if.js';
import type { CallEvent, ProcessEvent } from '../../../orchestrator/judge/types.js';
import { POLICY } from '../judge/policy.js';
import { MINUTE_MS, START, trafficOf, WINDOW_MS } from '../judge/trace.js';

type Events = Recording['events'];

const CALM = { sessionsPerHour: 60 };
const FAILING = trafficOf(1, { ...CALM, errorRate: (canary) => (canary ? 0.1 : 0.01) });

function sampled(rssBytes: (atMs: number) => number): ProcessEvent[] {
  const samples: ProcessEvent[] = [];
  for (let atMs = 0; atMs < WINDOW_MS; atMs += MINUTE_MS) {
    for (const track of ['stable', 'canary'] as const) {
      const bytes = track === 'canary' ? rssBytes(atMs) : 200e6;
      const more = { restarts: 0, uptimeMs: atMs, sessionsOpened: 1, calls: 1 };
      samples.push({ type: 'process', atMs, track, rssBytes: bytes, ...more });
    }
  }
  return samples;
}

function recordingOf(events: Events, judge: Partial<JudgePolicy> = {}): Recording {
  const policy = { judge: { ...POLICY, ...judge }, checks: [], intervalMs: 5_000 };
  const ordered = events.toSorted((a, b) => a.atMs - b.atMs);
  return { policy, rollout: START, events: ordered };
}

function sentences(recording: Recording, budgetEvents?: number): readonly string[] {
  const verdict = new Retrial(recording).judge()!;
  return whatIfs(new Retrial(recording, budgetEvents), verdict);
}

/** The number that a sentence of the pattern names. */
function named(found: readonly string[], pattern: RegExp): number {
  return Number(found.map((text) => pattern.exec(text)?.[1]).find((text) => text !== undefined));
}

describe('a canary that failed by its errors', () => {
  const recording = recordingOf([...FAILING, ...sampled(() => 200e6)]);
  const found = sentences(recording);
  const verdictWithout = (count: number) => {
    const calls = spread(canaryCalls(recording, true), count, 'ok');
    return new Retrial(recording).judge({ calls })!.verdict;
  };

  it('would have passed with so many errors fewer, and not with one more', () => {
    const count = named(found, /^with (\d+) of the canary's \d+ failed calls fewer$/);
    expect(count).toBeGreaterThan(0);
    expect(verdictWithout(count)).not.toBe('fail');
    expect(verdictWithout(count - 1)).toBe('fail');
  });

  it('would have passed with so much tolerance, and not with a step less', () => {
    const percent = named(found, /overStable at ([\d.]+)%/);
    const verdictAt = (overStable: number) => {
      const errors = { ...POLICY.errors, overStable };
      return new Retrial(recordingOf(recording.events, { errors })).judge()!.verdict;
    };
    expect(verdictAt(percent / 100)).not.toBe('fail');
    expect(verdictAt(percent / 100 - 0.005)).toBe('fail');
  });

  it('would have passed without the one tool that is broken', () => {
    const broken = trafficOf(2, CALM).map((call): CallEvent =>
      call.track === 'canary' && call.tool === 'tool-3' ? { ...call, outcome: 'tool_error' } : call,
    );
    const text = sentences(recordingOf([...broken, ...sampled(() => 200e6)])).join('\n');
    expect(text).toMatch(/^without the \d+ failed calls of tool-3$/m);
  });

  it('is not tried again for longer than there is a budget', () => {
    expect(sentences(recording, recording.events.length * 3)).toEqual([]);
  });
});

describe('a canary that failed by its memory', () => {
  it('would have passed with a limit over its peak', () => {
    const peak = sampled((atMs) => (atMs > WINDOW_MS / 2 ? 415e6 : 300e6));
    const memory = { ...POLICY.memory, timesStable: 10, maxRssBytes: 380e6 };
    const found = sentences(recordingOf([...trafficOf(1, CALM), ...peak], { memory }));
    expect(found).toContain('with limits.memory.max at 420MB (it was 380MB)');
  });

  it('would have passed with more times stable’s memory', () => {
    const double = sampled(() => 410e6);
    const memory = { ...POLICY.memory, timesStable: 1.5, maxRssBytes: null };
    const rollout = { ...START, rssLimitBytes: null };
    const recording = recordingOf([...trafficOf(1, CALM), ...double], { memory });
    const found = sentences({ ...recording, rollout });
    expect(found).toEqual(['with limits.memory.timesStable at 2.5 (it was 1.5)']);
  });
});

it('nothing changes that a canary ended', () => {
  const exit = { type: 'exit', atMs: MINUTE_MS, track: 'canary', code: 1 } as const;
  expect(sentences(recordingOf([...trafficOf(1, CALM), exit]))).toEqual([]);
});

it('a check that failed would have passed with more patience', () => {
  const config = {
    name: 'health',
    source: { kind: 'http', url: '' },
    min: null,
    max: null,
    everyMs: 30_000,
    timeoutMs: 1_000,
    failures: 3,
  } as const;
  const bad = [1, 2, 3, 4].map((minute) => {
    const atMs = minute * MINUTE_MS;
    return { type: 'check', atMs, name: 'health', ok: false, value: 500, error: null } as const;
  });
  const recording = recordingOf(bad);
  const policy = { ...recording.policy, checks: [config] };
  expect(sentences({ ...recording, policy })).toEqual([
    'with failures of the check health at 5 (it was 3)',
  ]);
});

describe('too little evidence', () => {
  const few = trafficOf(3, { sessionsPerHour: 12 });
  const recording = recordingOf([...few, ...sampled(() => 200e6)], {
    minimum: { calls: 400, sessions: 20 },
  });

  it('would have been enough with a lower minimum, or a longer window', () => {
    const text = sentences(recording).join('\n');
    expect(text).toMatch(/^with minimum at \d+ calls and \d+ sessions it would have passed$/m);
    expect(text).toMatch(/the window would have had to be [\d.]+ h longer.* \(an estimate\)$/m);
  });
});

it('a canary that passed would have failed with so many errors more', () => {
  const recording = recordingOf([...trafficOf(1, CALM), ...sampled(() => 200e6)]);
  const found = sentences(recording);
  const count = named(found, /^with (\d+) more of the canary's \d+ good calls failed/);
  const verdictWith = (more: number) => {
    const calls = spread(canaryCalls(recording, false), more, 'http_error');
    return new Retrial(recording).judge({ calls })!.verdict;
  };
  expect(verdictWith(count)).toBe('fail');
  expect(verdictWith(count - 1)).toBe('pass');
  expect(found.join('\n')).toContain('with limits.memory.max at 190MB or less');
});
