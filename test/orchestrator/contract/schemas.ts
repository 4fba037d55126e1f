/** JSON Schemas and values that tools have, made up for properties. */
import fc from 'fast-check';

type Schema = Record<string, unknown>;

const name = fc.constantFrom('a', 'b', 'c');

const bounds = (low: string, high: string) =>
  fc
    .tuple(fc.option(fc.integer({ min: 0, max: 5 })), fc.option(fc.integer({ min: 6, max: 9 })))
    .map(([min, max]) => ({
      ...(min !== null && { [low]: min }),
      ...(max !== null && { [high]: max }),
    }));

const leaf: fc.Arbitrary<Schema> = fc.oneof(
  bounds('minLength', 'maxLength').map((more) => ({ type: 'string', ...more })),
  bounds('minimum', 'maximum').map((more) => ({ type: 'integer', ...more })),
  bounds('exclusiveMinimum', 'exclusiveMaximum').map((more) => ({ type: 'number', ...more })),
  fc.constant({ type: 'boolean' }),
  fc.constant({ type: ['string', 'null'] }),
  fc
    .uniqueArray(fc.constantFrom('red', 'green', 'blue', 7), { minLength: 1 })
    .map((values) => ({ enum: values })),
  fc.constant({ const: 'red' }),
  fc.constant({}),
);

/** Any schema; maps forbid what they do not declare, so that every narrowing shows in a value. */
export const schemas: fc.Arbitrary<Schema> = fc.letrec<{ schema: Schema; object: Schema }>(
  (tie) => ({
    schema: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      tie('object'),
      fc
        .tuple(tie('schema'), bounds('minItems', 'maxItems'))
        .map(([items, more]) => ({ type: 'array', items, ...more })),
      fc.tuple(tie('schema'), tie('schema')).map((anyOf) => ({ anyOf })),
    ),
    object: fc
      .tuple(
        fc.dictionary(name, tie('schema'), { maxKeys: 3, noNullPrototype: true }),
        fc.subarray(['a', 'b', 'c']),
      )
      .map(([properties, wanted]) => ({
        type: 'object',
        properties,
        required: wanted.filter((each) => Object.hasOwn(properties, each)),
        additionalProperties: false,
      })),
  }),
).schema;

/** A tool's input: a map. */
export const inputs: fc.Arbitrary<Schema> = schemas.filter(({ type }) => type === 'object');

/** Values of all the kinds that the schemas speak of. */
export const values: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<unknown>(null, true, 'red', 'green', '', 'abcdefgh', 7, 0, 5.5, 9, 10),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value;
