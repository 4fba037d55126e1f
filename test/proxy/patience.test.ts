import { describe, expect, it } from 'vitest';
import { Patience, Waiters } from '../../proxy/patience.js';
import type { Acquired, Pin } from '../../proxy/pin.js';

const pinThat = (acquire: () => Acquired | Promise<Acquired>): Pin => ({
  label: 'x',
  clientId: null,
  track: 'stable',
  acquire,
  forget: () => undefined,
  unreachable: () => undefined,
  began: () => undefined,
  ended: () => undefined,
});
const never = pinThat(() => new Promise<Acquired>(() => undefined));

describe('Patience', () => {
  it('is one for all tries of a call', async () => {
    const patience = new Patience(new Waiters(1, 1_000));
    const startedAt = performance.now();
    let pauses = 0;
    while (await patience.pause()) pauses += 1;
    expect(pauses).toBeGreaterThan(0);
    expect(patience.waitedMs).toBeGreaterThanOrEqual(999);
    expect(await patience.acquire(never)).toMatchObject({ kind: 'unavailable' });
    expect(await patience.pause()).toBe(false);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(999);
  });

  it('is spent by tries that reach nobody, too', async () => {
    const patience = new Patience(new Waiters(1, 100));
    expect(await patience.pause(100)).toBe(false);
  });

  it('does not wait for a pin for longer', async () => {
    const acquired = await new Patience(new Waiters(1, 30)).acquire(never);
    expect(acquired).toMatchObject({ kind: 'unavailable', track: 'stable' });
  });

  it('is not asked where there is a binding', () => {
    const gone: Acquired = { kind: 'unavailable', track: 'canary', reason: 'x' };
    const waiters = new Waiters(0, 100);
    expect(new Patience(waiters).acquire(pinThat(() => gone))).toBe(gone);
  });

  it('lets so many wait at a time, and others when those have gone', async () => {
    const waiters = new Waiters(1, 60_000);
    const first = new Patience(waiters);
    const waiting = first.acquire(never);
    const late = new Patience(waiters);
    expect(await late.acquire(never)).toMatchObject({ reason: 'too many calls wait for it' });
    expect(await late.pause()).toBe(false);
    first.end();
    expect(await waiting).toMatchObject({ kind: 'unavailable' });
    expect(await late.pause()).toBe(true);
  });
});
