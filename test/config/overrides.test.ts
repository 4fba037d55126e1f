import { expect, test } from 'vitest';
import { parseMatch } from '../../config/overrides.js';

test.each([
  ['client:my agent', { kind: 'client', name: 'my agent' }],
  ['address:10.0.0.0/8', { kind: 'address', address: '10.0.0.0', bits: 8 }],
  ['address:10.1.2.3', { kind: 'address', address: '10.1.2.3', bits: 32 }],
  ['address:::1', { kind: 'address', address: '::1', bits: 128 }],
  ['address:fd00::/8', { kind: 'address', address: 'fd00::', bits: 8 }],
])('%s', (text, value) => {
  expect(parseMatch(text)).toEqual({ ok: true, value });
});

test.each([
  7,
  '',
  'client:',
  'my-agent',
  'address:10.0.0/8',
  'address:10.0.0.0/33',
  'address:::/129',
])('not %s', (value) => {
  expect(parseMatch(value)).toMatchObject({ ok: false });
});
