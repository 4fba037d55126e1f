import { expect, it } from 'vitest';
import { ClockSteps } from '../../common/clock-steps.js';

it('tells a clock that was set from time that passed', () => {
  const world = { wallMs: 1_000_000, sinceStartMs: 5 };
  const steps = new ClockSteps(
    () => world.wallMs,
    () => world.sinceStartMs,
  );
  const pass = (ms: number): void => {
    world.wallMs += ms;
    world.sinceStartMs += ms;
  };
  pass(3_600_000);
  expect(steps.since()).toBe(0);
  world.wallMs += 86_400_000;
  pass(10);
  expect(steps.since()).toBe(86_400_000);
  expect(steps.since()).toBe(0);
  world.wallMs -= 3_600_000;
  expect(steps.since()).toBe(-3_600_000);
  world.wallMs += 20;
  expect(steps.since()).toBe(0);
});
