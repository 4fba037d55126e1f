import { AjvJsonSchemaValidator } from '@modelcontextprotocol/client/validators/ajv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { restrictions, type Direction } from '../../../orchestrator/contract/restrictions.js';
import { NARROWED } from '../../../orchestrator/contract/words.js';
import { inputs, schemas, values } from './schemas.js';

const narrowed: Direction = { words: NARROWED, undeclared: 'lost' };
type Schema = Record<string, unknown>;
const texts = (main: Schema, canary: Schema): string[] =>
  restrictions(main, canary, narrowed).map(({ path, text }) => `${path}: ${text}`);

function acceptor(schema: Schema): (value: unknown) => boolean {
  const validate = new AjvJsonSchemaValidator().getValidator(schema);
  return (value) => validate(value).valid;
}

describe('a schema', () => {
  it('never restricts itself, also when it is written anew', () => {
    fc.assert(
      fc.property(schemas, (schema) => {
        expect(restrictions(schema, { ...schema, title: 'x' }, narrowed)).toEqual([]);
      }),
    );
  });

  it('restricts nothing by an optional property more', () => {
    fc.assert(
      fc.property(inputs, schemas, (schema, property) => {
        const { properties } = schema as { properties: Schema };
        const more = { ...schema, properties: { ...properties, d: property } };
        expect(restrictions(schema, more, narrowed)).toEqual([]);
      }),
    );
  });

  it('restricts by a required property more', () => {
    fc.assert(
      fc.property(inputs, (schema) => {
        const { properties, required } = schema as { properties: Schema; required: string[] };
        const more = { properties: { ...properties, d: {} }, required: [...required, 'd'] };
        expect(texts(schema, { ...schema, ...more })).toContain('d: is required now');
      }),
    );
  });

  it('that refuses a value which the other accepts is always found out', () => {
    fc.assert(
      fc.property(schemas, schemas, fc.array(values, { minLength: 30 }), (main, canary, all) => {
        const [before, now] = [acceptor(main), acceptor(canary)];
        const isNarrower = all.some((value) => before(value) && !now(value));
        if (isNarrower) expect(restrictions(main, canary, narrowed)).not.toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('what is told', () => {
  const object = (properties: Schema, more: Schema = {}): Schema => ({
    type: 'object',
    properties,
    ...more,
  });

  it.each<[string, Schema, Schema, string[]]>([
    ['a type', { type: 'string' }, { type: 'integer' }, [': type was string, is integer']],
    [
      'a part of a type',
      { type: ['string', 'null'] },
      { type: 'string' },
      [': type was null, is string'],
    ],
    [
      'number to integer',
      { type: 'number' },
      { type: 'integer' },
      [': number is no longer allowed'],
    ],
    ['integer to number', { type: 'integer' }, { type: 'number' }, []],
    ['an enumeration', { enum: ['a', 'b'] }, { enum: ['a'] }, [': "b" is no longer allowed']],
    [
      'text that becomes an enumeration',
      { type: 'string' },
      { enum: ['a'] },
      [': is only "a" now'],
    ],
    ['an enumeration that becomes text', { enum: ['a'] }, { type: 'string' }, []],
    [
      'alternatives for an enumeration',
      { enum: ['a', 'b'] },
      { anyOf: [{ const: 'a' }, { const: 'b' }] },
      [],
    ],
    [
      'a range',
      { type: 'integer', maximum: 9 },
      { type: 'integer', maximum: 5 },
      [': maximum was 9, is 5'],
    ],
    ['a wider range', { type: 'integer', maximum: 5 }, { type: 'integer', maximum: 9 }, []],
    [
      'a range with another end',
      { type: 'number', minimum: 1 },
      { type: 'number', exclusiveMinimum: 0 },
      [],
    ],
    ['a pattern', { type: 'string' }, { type: 'string', pattern: '^a' }, [': pattern is new']],
    ['a dropped format', { type: 'string', format: 'uri' }, { type: 'string' }, []],
    ['a property', object({ a: {} }), object({}), ['a: is gone']],
    [
      'a forbidden property',
      object({ a: {} }),
      object({}, { additionalProperties: false }),
      ['a: is gone'],
    ],
    [
      'only what nobody declared',
      object({ a: {} }),
      object({ a: {} }, { additionalProperties: false }),
      [],
    ],
    [
      'something deep',
      object({ a: { type: 'array', items: object({ b: { type: 'string' } }) } }),
      object({ a: { type: 'array', items: object({ b: { type: 'boolean' } }) } }),
      ['a[].b: type was string, is boolean'],
    ],
    [
      'something behind a reference',
      {
        $defs: { kind: { enum: ['x', 'y'] } },
        type: 'object',
        properties: { k: { $ref: '#/$defs/kind' } },
      },
      object({ k: { enum: ['x'] } }),
      ['k: "y" is no longer allowed'],
    ],
    [
      'the same behind other words',
      object({ a: { anyOf: [{ type: 'string' }, { type: 'null' }] } }),
      object({ a: { allOf: [{ type: ['null', 'string'] }] } }),
      [],
    ],
  ])('of %s', (_, main, canary, wanted) => {
    expect(texts(main, canary)).toEqual(wanted);
  });
});

describe('a schema without an end', () => {
  const tree: Schema = {
    type: 'object',
    properties: { left: { $ref: '#' }, right: { $ref: '#' }, kind: { enum: ['a', 'b'] } },
  };

  it('is compared all the same when it refers to itself', () => {
    expect(texts(tree, { ...tree, description: 'x' })).toEqual([]);
    const properties = { ...(tree['properties'] as Schema), kind: { enum: ['a'] } };
    expect(texts(tree, { ...tree, properties })).toContain('kind: "b" is no longer allowed');
  });

  it.each<[string, Schema]>([
    ['only refers to itself', { $ref: '#' }],
    ['is made of itself', { allOf: [{ $ref: '#' }, { $ref: '#' }, { $ref: '#' }] }],
    ['is its own alternative', { anyOf: [{ $ref: '#' }] }],
    ['is a list of itself', { items: { $ref: '#' } }],
    ['multiplies', { $defs: doubling(40), anyOf: [{ $ref: '#/$defs/d0' }] }],
  ])('that %s is given up on, or found the same', (_, schema) => {
    expect(texts(schema, { ...schema, title: 'x' }).length).toBeLessThan(5);
    expect(texts({}, schema).length).toBeLessThan(5);
  });

  it('that is too deep is incomparable', () => {
    let deep: Schema = {};
    for (let depth = 0; depth < 50_000; depth += 1) deep = { items: deep };
    expect(texts(deep, {})).toEqual([': is too large or too deep to compare']);
  });
});

/** Definitions each of which stands for two of the next. */
function doubling(count: number): Schema {
  const defs: Schema = {};
  for (let index = 0; index < count; index += 1) {
    const next = index + 1 < count ? { $ref: `#/$defs/d${index + 1}` } : { type: 'string' };
    defs[`d${index}`] = { type: 'object', properties: { a: next, b: { ...next } } };
  }
  return defs;
}
