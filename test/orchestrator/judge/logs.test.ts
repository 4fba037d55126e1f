import { describe, expect, it } from 'vitest';
import type { EvidenceEvent, LogEvent } from '../../../orchestrator/judge/types.js';
import { checkOf, judged, trafficOf } from './trace.js';

/** Error lines at each of the times. */
function lines(track: LogEvent['track'], timesMs: readonly number[], errorLines = 3): LogEvent[] {
  return timesMs.map((atMs) => ({ type: 'log', atMs, track, errorLines }));
}

function every(stepMs: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => (i + 1) * stepMs);
}

function logsOf(...logs: readonly LogEvent[]) {
  const calls: EvidenceEvent[] = trafficOf(1);
  const events = [...calls, ...logs].sort(
    (a, b) => ('atMs' in a ? a.atMs : 0) - ('atMs' in b ? b.atMs : 0),
  );
  return checkOf(judged(events), 'logs');
}

describe('logs', () => {
  it('pass without error lines, and with as many for a call as stable has', () => {
    expect(logsOf().state).toBe('pass');
    const alike = [...lines('stable', every(60_000, 100)), ...lines('canary', every(600_000, 10))];
    expect(logsOf(...alike).state).toBe('pass');
  });

  it('fail when error lines keep coming on the canary only', () => {
    const found = logsOf(...lines('canary', every(300_000, 20)));
    expect(found.state).toBe('fail');
    expect(found.reason).toMatch(/^\d+ error lines in the canary's log/);
  });

  it('count one burst once, however many lines it has', () => {
    const burst = every(1000, 20).map((ms) => 3_600_000 + ms);
    expect(logsOf(...lines('canary', burst, 500)).state).toBe('pass');
  });
});
