import { expect, test } from 'vitest';
import { keysAt } from '../../config/known-keys.js';
import { fileSchema } from '../../config/schema.js';

test.each([
  [[], ['defaults', 'services']],
  [
    ['services', 'a'],
    ['listen', 'stable', 'canary'],
  ],
  [
    ['services', 'a', 'steps', 0],
    ['weight', 'window', 'gate'],
  ],
  [
    ['services', 'a', 'limits', 'errors'],
    ['max', 'timesStable', 'overStable'],
  ],
  [['services', 'a', 'checks', 0], ['promql']],
  [
    ['defaults', 'release', 'prepare', 1],
    ['run', 'timeout'],
  ],
  [['schedules', 'nightly', 'releases', 'a'], ['version']],
])('the map at %j may have %j', (path, keys) => {
  expect(keysAt(fileSchema, path)).toEqual(expect.arrayContaining(keys));
});

test.each([[['services']], [['services', 'a', 'canaryEnv']], [['services', 'a', 'listen', 'x']]])(
  'no key is known at %j',
  (path) => expect(keysAt(fileSchema, path)).toEqual([]),
);
