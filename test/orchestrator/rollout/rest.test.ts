import { describe, expect, it } from 'vitest';
import { rest } from '../../../orchestrator/rollout/rest.js';
import { FakeClock } from '../../support/fake-clock.js';

const NOON = '2026-03-01T12:00:00Z';

function resting(isQuiet: () => boolean = () => true) {
  const clock = new FakeClock(NOON);
  const stop = new AbortController();
  const state = { over: false };
  void rest(clock, 1_000, isQuiet, stop.signal).then(() => (state.over = true));
  return { clock, stop, state };
}

describe('a rest', () => {
  it('lasts as long as it should', async () => {
    const { clock, state } = resting();
    await clock.advance(999);
    expect(state.over).toBe(false);
    await clock.advance(1);
    expect(state.over).toBe(true);
  });

  it('is no longer when the clock is set back, and no shorter when it is set forward', async () => {
    const { clock, state } = resting();
    clock.set('2026-03-01T13:00:00Z');
    await clock.advance(500);
    expect(state.over).toBe(false);
    clock.set('2026-03-01T08:00:00Z');
    await clock.advance(500);
    expect(state.over).toBe(true);
  });

  it('ends with the signal, and soon after it is not quiet any more', async () => {
    const stopped = resting();
    stopped.stop.abort();
    await stopped.clock.advance(0);
    expect(stopped.state.over).toBe(true);
    let quiet = true;
    const disturbed = resting(() => quiet);
    quiet = false;
    await disturbed.clock.advance(200);
    expect(disturbed.state.over).toBe(true);
  });
});
