import { describe, expect, it } from 'vitest';
import { Replay, type ReplayPolicy } from '../../../orchestrator/judge/replay.js';
import { createJudge } from '../../../orchestrator/judge/judge.js';
import type { EvidenceEvent, RolloutEvent } from '../../../orchestrator/judge/types.js';
import { POLICY } from './policy.js';

const ROLLOUT: RolloutEvent = {
  type: 'rollout',
  service: 's',
  startedAtMs: 1_000,
  windowMs: 600_000,
  weight: 0.5,
};
const policy: ReplayPolicy = { judge: POLICY, checks: [], intervalMs: 5_000 };

type Event = Exclude<EvidenceEvent, RolloutEvent>;

/** Calls and samples of a healthy pair, every second until `untilMs`. */
function healthy(untilMs: number): Event[] {
  const events: Event[] = [];
  for (let atMs = 1_500; atMs < untilMs; atMs += 1_000) {
    for (const track of ['stable', 'canary'] as const) {
      const session = `${track}-${Math.floor(atMs / 20_000)}`;
      events.push({
        type: 'call',
        atMs,
        track,
        session,
        tool: 't',
        outcome: 'ok',
        latencyMs: 10 + (atMs % 7_000) / 1_000,
      });
      const life = { restarts: 0, uptimeMs: atMs + 600_000, sessionsOpened: 1, calls: 1 };
      events.push({ type: 'process', atMs, track, rssBytes: 1e8, ...life });
      if (atMs % 5_000 === 500) events.push({ type: 'log', atMs, track, errorLines: 0 });
    }
  }
  return events;
}

function verdictOf(events: readonly Event[], by = policy) {
  const replay = new Replay(by, ROLLOUT);
  for (const event of events) replay.add(event);
  return replay.end();
}

const exit = (atMs: number): Event => ({ type: 'exit', atMs, track: 'canary', code: 1 });
const inOrder = (events: Event[]): Event[] => events.sort((a, b) => a.atMs - b.atMs);

describe('a recording', () => {
  it('is decided at the end of its window, with what the judge says then', () => {
    const events = healthy(601_000);
    const judge = createJudge(POLICY);
    for (const event of [ROLLOUT, ...events]) judge.add(event);
    const { verdict, decidedAtMs, checks } = verdictOf(events);
    expect(decidedAtMs).toBe(601_000);
    expect({ verdict, checks }).toEqual({
      verdict: judge.assess(601_000).verdict,
      checks: judge.assess(601_000).checks,
    });
  });

  it('is decided at the first look after a failure, whatever comes then', () => {
    const events = inOrder([...healthy(601_000), exit(42_001), exit(99_000)]);
    expect(verdictOf(events)).toMatchObject({
      verdict: 'fail',
      check: 'crashes',
      decidedAtMs: 46_000,
    });
  });

  it('that ends with a failure is decided at the next look', () => {
    expect(verdictOf([...healthy(42_000), exit(42_001)])).toMatchObject({
      verdict: 'fail',
      decidedAtMs: 46_000,
    });
    expect(verdictOf([exit(600_999)])).toMatchObject({ verdict: 'fail', decidedAtMs: 601_000 });
  });

  it('does not look beyond its window', () => {
    expect(verdictOf([...healthy(601_000), exit(601_001)]).verdict).not.toBe('fail');
  });

  it('with gaps of any length is decided at once', () => {
    const replay = new Replay(policy, { ...ROLLOUT, windowMs: 1e15 });
    replay.add(exit(9e14));
    expect(replay.end()).toMatchObject({ verdict: 'fail', decidedAtMs: 9e14 + 1_000 });
  });

  it('of a part of the window only is no pass', () => {
    const whole = verdictOf(healthy(601_000));
    const part = verdictOf(healthy(301_000));
    expect(part.verdict).toBe('inconclusive');
    if (whole.verdict === 'pass') {
      expect(part.reason).toBe('the recording ends after 5 min of a window of 10 min');
    }
  });

  it('without evidence is no pass', () => {
    expect(verdictOf([])).toMatchObject({ verdict: 'inconclusive', decidedAtMs: 601_000 });
  });

  it('has the checks of the policy judged', () => {
    const source = { kind: 'command', line: 'x' } as const;
    const times = { everyMs: 30_000, timeoutMs: 1_000, failures: 1 };
    const checks = [{ name: 'own', source, min: null, max: null, ...times }];
    const bad: Event = {
      type: 'check',
      atMs: 9_000,
      name: 'own',
      ok: false,
      value: 1,
      error: null,
    };
    expect(verdictOf([bad], { ...policy, checks })).toMatchObject({
      verdict: 'fail',
      check: 'custom:own',
      decidedAtMs: 11_000,
    });
    expect(verdictOf([bad])).toMatchObject({ verdict: 'inconclusive' });
  });
});
