import { describe, expect, it } from 'vitest';
import { prunable, type MadeRelease } from '../../../orchestrator/release/prune.js';

/** Newest first: `+5` was promoted, `-4` was rolled back. */
function made(...names: readonly string[]): MadeRelease[] {
  return names.map((name) => ({
    rolloutId: name.slice(1),
    dir: `/r/${name.slice(1)}`,
    promoted: name.startsWith('+'),
  }));
}

function removed(releases: readonly MadeRelease[], keep: number, used: string[] = []): string[] {
  const gone = prunable(releases, keep, ({ rolloutId }) => used.includes(rolloutId));
  return gone.map(({ rolloutId }) => rolloutId);
}

describe('old releases', () => {
  it('are kept by count, beside the one that was promoted last', () => {
    expect(removed(made('+5', '+4', '+3', '+2', '+1'), 2)).toEqual(['2', '1']);
    expect(removed(made('+3', '+2'), 0)).toEqual(['2']);
  });

  it('that are used are not removed, and are not counted', () => {
    expect(removed(made('+5', '+4', '+3', '+2', '+1'), 2, ['4', '1'])).toEqual([]);
    expect(removed(made('+5', '+4', '+3'), 0, ['5', '4', '3'])).toEqual([]);
  });

  it('that were rolled back go, but for the newest', () => {
    expect(removed(made('-6', '+5', '-4', '-3', '+2'), 1)).toEqual(['4', '3']);
    expect(removed(made('-6', '-5'), 1, ['6'])).toEqual([]);
  });
});
