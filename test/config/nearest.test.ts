import { expect, test } from 'vitest';
import { nearest } from '../../config/nearest.js';

const keys = ['weight', 'window', 'canaryApp', 'canaryEnv', 'maxWindow', 'app', 'bake'];

test.each([
  ['wieght', 'weight'],
  ['weigth', 'weight'],
  ['Window', 'window'],
  ['canary_app', 'canaryApp'],
  ['max-window', 'maxWindow'],
  ['env', 'canaryEnv'],
  ['ap', 'app'],
])('%s is taken for %s', (name, key) => expect(nearest(name, keys)).toBe(key));

test.each(['x', 'schedule', '', 'w'.repeat(100)])('%j is like none', (name) =>
  expect(nearest(name, keys)).toBeNull(),
);
