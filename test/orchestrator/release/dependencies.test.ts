import { describe, expect, it } from 'vitest';
import { changesText, diffPackages, unasked } from '../../../orchestrator/release/dependencies.js';

const before = new Map([
  ['anyio', '4.0'],
  ['six', '1.16'],
  ['typing-extensions', '4.9'],
  ['same', '1'],
]);
const after = new Map([
  ['anyio', '4.1'],
  ['httpx', '0.27'],
  ['typing-extensions', '4.10'],
  ['same', '1'],
]);
const changes = diffPackages(before, after);

describe('packages', () => {
  it('that are new, gone or changed are told by name', () => {
    expect(changes).toEqual([
      { name: 'anyio', from: '4.0', to: '4.1' },
      { name: 'httpx', from: null, to: '0.27' },
      { name: 'six', from: '1.16', to: null },
      { name: 'typing-extensions', from: '4.9', to: '4.10' },
    ]);
    expect(changesText(changes)).toBe(
      'anyio 4.0 -> 4.1, new: httpx 0.27, gone: six 1.16, typing-extensions 4.9 -> 4.10',
    );
    expect(changesText([])).toBe('the same packages');
  });

  it('that are many are counted', () => {
    const many = Array.from({ length: 30 }, (_, n) => ({ name: `p${n}`, from: '1', to: '2' }));
    expect(changesText(many)).toContain('p11 1 -> 2, and 18 more');
  });

  it('may change when the policy or a value names them, however they are written', () => {
    const policy = { allow: ['Typing_Extensions', 'httpx'], otherwise: 'refuse' } as const;
    expect(unasked(changes, policy, ['AnyIO']).map(({ name }) => name)).toEqual(['six']);
  });
});
