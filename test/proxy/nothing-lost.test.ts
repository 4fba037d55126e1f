import { describe, expect, it } from 'vitest';
import { play } from '../../bench/proxy/nothing-lost.js';

const AGENTS = 8;

describe('agents of all kinds that call without pause', () => {
  it.each(['promotion', 'rollback'] as const)('notice nothing of a %s', async (scene) => {
    const losses = await play(scene, 1, AGENTS);
    expect(losses.errors).toEqual([]);
    expect(losses).toMatchObject({ failed: 0, hung: 0, ranTwice: 0 });
    expect(losses.calls).toBeGreaterThan(AGENTS);
  });

  it('are answered in time when main is killed and there is nobody else', async () => {
    const losses = await play('restart', 1, AGENTS);
    expect(losses).toMatchObject({ hung: 0, ranTwice: 0 });
    // What had run by the kill is up to chance; that calls were under way is not.
    expect(losses.atKill).toBeGreaterThan(0);
  });

  it('lose only what cannot be repeated when the canary crashes', async () => {
    const losses = await play('crash', 2, AGENTS);
    expect(losses).toMatchObject({ failedLookups: 0, hung: 0, ranTwice: 0 });
    for (const error of losses.errors) expect(error).toContain('the server was lost');
  });
});
