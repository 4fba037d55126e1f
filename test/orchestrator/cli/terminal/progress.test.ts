import { expect, test } from 'vitest';
import { withProgress } from '../../../../orchestrator/cli/terminal/progress.js';
import type { Io } from '../../../../orchestrator/cli/io.js';
import { FakeClock } from '../../../support/fake-clock.js';

function waiting(own: Partial<Io>) {
  const clock = new FakeClock('2026-01-15T12:00:00Z');
  const told: (string | null)[] = [];
  const io = {
    out: () => undefined,
    err: (text: string) => void told.push(text),
    env: {},
    cwd: '/',
    color: false,
    ...own,
  };
  let finish: (value: number) => void = () => undefined;
  const work = new Promise<number>((resolve) => (finish = resolve));
  const result = withProgress(io, clock, () => 'counting', work);
  return { clock, told, finish, result };
}

test('a terminal has a line that is rewritten, and taken away at the end', async () => {
  const notices: (string | null)[] = [];
  const { clock, told, finish, result } = waiting({ notice: (text) => void notices.push(text) });
  await clock.advance(2_000);
  finish(7);
  expect(await result).toBe(7);
  expect(notices).toEqual(['counting (1s)', 'counting (2s)', null]);
  expect(told).toEqual([]);
});

test('elsewhere a line comes now and then, and none for what is quick', async () => {
  const { clock, told, finish, result } = waiting({});
  await clock.advance(29_000);
  expect(told).toEqual([]);
  await clock.advance(32_000);
  finish(1);
  await result;
  expect(told).toEqual(['counting (30s)', 'counting (1m)']);
});
