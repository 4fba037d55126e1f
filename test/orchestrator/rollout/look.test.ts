import { expect, it } from 'vitest';
import type { ProcessManager } from '../../../orchestrator/process-manager.js';
import { look, type DaemonLook, type LookParts } from '../../../orchestrator/rollout/look.js';
import { FakeClock } from '../../support/fake-clock.js';
import { Simulation } from './simulation.js';

const clock = new FakeClock('2026-03-01T12:00:00Z');

/** What is seen of a daemon without any app that was started so long ago. */
async function seenAtAge(ageMs: number): Promise<DaemonLook> {
  const startedAtMs = clock.now() - ageMs;
  const pm2 = {
    daemon: () => Promise.resolve({ kind: 'ok', value: { pid: 1, startedAtMs, version: '7' } }),
    list: () => Promise.resolve({ kind: 'ok', value: [] }),
  } as Partial<ProcessManager> as ProcessManager;
  const parts = {
    pm2,
    proxy: { state: () => Promise.resolve({ kind: 'down', reason: 'not there' }) },
    preparations: { stateOf: () => null },
    smoke: { progress: () => null },
    clock,
  } as unknown as LookParts;
  return (await look(parts, new Simulation().rollout)).daemon;
}

it('gives a daemon that has just started time to bring main back', async () => {
  expect(await seenAtAge(14_999)).toEqual({
    kind: 'down',
    reason: 'it has just started and has no app scraper yet',
  });
  expect(await seenAtAge(15_000)).toMatchObject({ kind: 'up', mainCount: 0, main: null });
});

it('does not wait for hours when the clock was set back', async () => {
  expect(await seenAtAge(-3_600_000)).toMatchObject({ kind: 'up', mainCount: 0, main: null });
});
