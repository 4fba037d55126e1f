import { expect, test } from 'vitest';
import { CrashCheck } from '../../../orchestrator/judge/crashes.js';
import type { ExitEvent, ProcessEvent } from '../../../orchestrator/judge/types.js';

const exit = (cause?: string): ExitEvent => {
  const known = cause === undefined ? {} : { cause };
  return { type: 'exit', atMs: 1, track: 'canary', code: 0, ...known };
};

const seen = (restarts: number): ProcessEvent => ({
  type: 'process',
  atMs: 2,
  track: 'canary',
  rssBytes: 1,
  restarts,
  uptimeMs: 1,
  sessionsOpened: 0,
  calls: 0,
});

const stateAfter = (...events: readonly (ExitEvent | ProcessEvent)[]): string => {
  const check = new CrashCheck();
  for (const event of events) check.add(event);
  return check.assess().state;
};

test('a restart that another hand ordered is not held against the canary, the next crash is', () => {
  const ordered = [seen(0), exit('ordered'), seen(1)];
  expect(stateAfter(...ordered)).toBe('pass');
  expect(stateAfter(...ordered, exit())).toBe('fail');
  expect(stateAfter(...ordered, seen(2))).toBe('fail');
  expect(stateAfter(seen(0), exit('max_memory_restart'))).toBe('fail');
});
