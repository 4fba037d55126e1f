import { expect, it } from 'vitest';
import { exampleOf } from '../../../orchestrator/smoke/example.js';

it.each<[string, unknown, unknown]>([
  ['nothing required', { type: 'object', properties: { a: { type: 'string' } } }, {}],
  ['const', { const: 1, default: 2 }, 1],
  ['default', { default: false, enum: [true] }, false],
  ['examples', { type: 'string', examples: ['x', 'y'] }, 'x'],
  ['enum', { enum: ['red', 'blue'] }, 'red'],
  [
    'deep',
    {
      $defs: { kind: { enum: ['k'] } },
      type: 'object',
      properties: {
        a: { type: 'object', properties: { b: { $ref: '#/$defs/kind' } }, required: ['b'] },
      },
      required: ['a'],
    },
    { a: { b: 'k' } },
  ],
])('a value is offered by %s', (_, schema, value) => {
  expect(exampleOf(schema)).toEqual({ ok: true, value });
});

it.each<[string, unknown, string]>([
  ['a string', { type: 'object', properties: { q: { type: 'string' } }, required: ['q'] }, 'q'],
  ['what is not declared', { type: 'object', required: ['q'] }, 'q'],
  ['a list', { type: 'array', items: { enum: [1] } }, ''],
  ['anything', true, ''],
])('nothing is made up for %s', (_, schema, at) => {
  expect(exampleOf(schema)).toEqual({ ok: false, at });
});

it('a schema that requires itself ends', () => {
  const schema = { type: 'object', properties: { next: { $ref: '#' } }, required: ['next'] };
  expect(exampleOf(schema)).toMatchObject({ ok: false });
});
