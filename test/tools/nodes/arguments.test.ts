import { expect, it } from 'vitest';
import { nodeArguments } from '../../../tools/nodes/arguments.js';

it('all versions are wanted unless some are named', () => {
  expect(nodeArguments([])).toEqual({ majors: ['20', '22', '24'], names: [] });
  const named = ['--only', '22', 'test/proxy', '--only=24'];
  expect(nodeArguments(named)).toEqual({ majors: ['22', '24'], names: ['test/proxy'] });
});

it.each([
  [['--only', '21'], '--only: got "21", wanted one of 20, 22, 24'],
  [['--onyl', '22'], "Unknown option '--onyl'"],
])('%j is refused', (args, message) => expect(() => nodeArguments(args)).toThrow(message));
