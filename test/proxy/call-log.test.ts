import { describe, expect, it } from 'vitest';
import { CallLog } from '../../proxy/call-log.js';

function filled(calls: number, capacity: number): CallLog {
  const log = new CallLog('epoch', capacity);
  for (let i = 1; i <= calls; i += 1) {
    log.add({
      atMs: i,
      track: 'stable',
      session: 's',
      placed: false,
      tool: 't',
      outcome: 'ok',
      latencyMs: 1,
    });
  }
  return log;
}

describe('CallLog', () => {
  it('pages through all calls in order', () => {
    const log = filled(7, 100);
    const first = log.page(0, 5);
    expect(first.calls.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    const second = log.page(first.nextAfter, 5);
    expect(second.calls.map(({ seq }) => seq)).toEqual([6, 7]);
    expect(second).toMatchObject({ missed: 0, nextAfter: 7 });
    expect(log.page(7, 5)).toMatchObject({ calls: [], missed: 0, nextAfter: 7 });
  });

  it('says how many calls had left it', () => {
    const page = filled(25, 10).page(3, 100);
    expect(page.missed).toBe(12);
    expect(page.calls.map(({ seq }) => seq)).toEqual([16, 17, 18, 19, 20, 21, 22, 23, 24, 25]);
  });
});
