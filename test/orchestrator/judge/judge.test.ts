import { describe, expect, it } from 'vitest';
import { createJudge } from '../../../orchestrator/judge/judge.js';
import type { EvidenceEvent } from '../../../orchestrator/judge/types.js';
import type { Outcome, Track } from '../../../common/protocol.js';
import { POLICY } from './policy.js';

const START: EvidenceEvent = {
  type: 'rollout',
  service: 's',
  startedAtMs: 0,
  windowMs: 7_200_000,
  weight: 0.1,
  rssLimitBytes: 380e6,
};

function calls(track: Track, count: number, outcome: Outcome = 'ok'): EvidenceEvent[] {
  return Array.from({ length: count }, (_, i) => ({
    type: 'call' as const,
    atMs: 1000 * i,
    track,
    session: `${track}-${i % 40}`,
    tool: 'scrape',
    outcome,
    latencyMs: 20,
  }));
}

function sample(track: Track, atMs: number, rssBytes: number, restarts = 0): EvidenceEvent {
  return {
    type: 'process',
    atMs,
    track,
    rssBytes,
    restarts,
    uptimeMs: atMs,
    sessionsOpened: 40,
    calls: 400,
  };
}

function judged(events: readonly EvidenceEvent[], nowMs = 7_200_000) {
  const judge = createJudge(POLICY);
  for (const event of [START, ...events]) judge.add(event);
  return judge.assess(nowMs);
}

const healthy = [
  ...calls('stable', 900),
  ...calls('canary', 100),
  sample('stable', 5000, 100e6),
  sample('canary', 5000, 90e6),
];

describe('verdict', () => {
  it('passes a canary that has nothing against it', () => {
    expect(judged(healthy)).toMatchObject({ verdict: 'pass', check: null });
  });

  it('is inconclusive, never a pass, without evidence', () => {
    expect(judged([])).toMatchObject({ verdict: 'inconclusive' });
    expect(judged(calls('stable', 900))).toMatchObject({ verdict: 'inconclusive' });
  });

  it('is inconclusive when too few calls were seen on the canary', () => {
    const few = [...calls('stable', 900), ...calls('canary', 20), sample('canary', 5000, 90e6)];
    expect(judged(few)).toMatchObject({ verdict: 'inconclusive', check: 'errors' });
  });

  it('fails on errors, and says how many', () => {
    const verdict = judged([...healthy, ...calls('canary', 60, 'http_error')]);
    expect(verdict).toMatchObject({ verdict: 'fail', check: 'errors' });
    expect(verdict.reason).toMatch(/^\d+ of \d+ calls on the canary failed \([\d.]+ %\)/);
  });

  it('does not compare the calls of clients that were placed, nor counts them as evidence', () => {
    const placed = (track: Track, count: number, outcome?: Outcome): EvidenceEvent[] =>
      calls(track, count, outcome).map((call) => ({ ...call, placed: true }) as EvidenceEvent);
    expect(judged([...healthy, ...placed('canary', 200, 'http_error')]).verdict).toBe('pass');
    const few = [...calls('stable', 900), ...calls('canary', 20), sample('canary', 5000, 90e6)];
    expect(judged([...few, ...placed('canary', 500)]).verdict).toBe('inconclusive');
  });

  it('fails at once on an exit or a restart of the canary, not of stable', () => {
    const exit = { type: 'exit', atMs: 6000, code: 1 } as const;
    expect(judged([...healthy, { ...exit, track: 'stable' }]).verdict).toBe('pass');
    expect(judged([...healthy, { ...exit, track: 'canary' }])).toMatchObject({ check: 'crashes' });
    expect(judged([...healthy, sample('canary', 10_000, 90e6, 1)])).toMatchObject({
      verdict: 'fail',
      check: 'crashes',
    });
  });

  it('fails when RSS stays over the limit, and not for a single peak', () => {
    const peak = sample('canary', 10_000, 400e6);
    expect(judged([...healthy, peak]).verdict).toBe('pass');
    const stays = [1, 2, 3].map((i) => sample('canary', 10_000 + 5000 * i, 400e6));
    expect(judged([...healthy, ...stays])).toMatchObject({ verdict: 'fail', check: 'memory' });
  });

  it('compares with the baseline when the rollout has one', () => {
    const events = [
      ...healthy,
      ...calls('baseline', 200, 'http_error'),
      ...calls('canary', 40, 'http_error'),
    ];
    const judge = createJudge({ ...POLICY, errors: { ...POLICY.errors, maxRatio: 1 } });
    judge.add({ ...START, reference: 'baseline' });
    for (const event of events) judge.add(event);
    expect(judge.assess(7_200_000).checks.find(({ check }) => check === 'errors')?.state).toBe(
      'pass',
    );
  });
});
