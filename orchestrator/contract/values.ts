/** The parts of a JSON Schema that speak of single values: types, enumerations, bounds (pure). */
import { isDeepStrictEqual } from 'node:util';
import type { Schema } from './flatten.js';

const TYPES = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object'] as const;

/** The types that a schema accepts; `number` includes `integer`. */
export function typesOf({ type }: Schema): readonly string[] {
  const named: readonly unknown[] = Array.isArray(type) ? type : [type];
  if (type === undefined) return TYPES;
  const types = named.filter((each) => typeof each === 'string');
  return types.includes('number')
    ? [...types.filter((each) => each !== 'integer'), 'integer']
    : types;
}

/** The only values that a schema accepts, when it lists them. */
export function finiteValues(schema: Schema): readonly unknown[] | null {
  if (schema['const'] !== undefined) return [schema['const']];
  return Array.isArray(schema['enum']) ? schema['enum'] : null;
}

/** Whether a schema's type, enumeration, bounds and pattern accept a value that is no list or map. */
export function acceptsValue(value: unknown, schema: Schema): boolean {
  if (!typesOf(schema).includes(typeOf(value))) return false;
  const values = finiteValues(schema);
  if (values !== null) return values.some((each) => isDeepStrictEqual(each, value));
  const exact = { const: value, type: typeOf(value), ...exactBounds(value) };
  if (tighterBounds(exact, schema).length > 0) return false;
  return typeof value !== 'string' || fits(value, schema['pattern']);
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

/** The bounds that a value itself keeps. */
function exactBounds(value: unknown): Schema {
  if (typeof value === 'number') return { minimum: value, maximum: value, multipleOf: value };
  if (typeof value !== 'string') return {};
  const { length } = Array.from(value);
  return { minLength: length, maxLength: length };
}

function fits(value: string, pattern: unknown): boolean {
  if (typeof pattern !== 'string') return true;
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch {
    return false;
  }
}

/** Each bound with the types that it speaks of. */
const LOWER = [
  ['minimum', ['number', 'integer']],
  ['exclusiveMinimum', ['number', 'integer']],
  ['minLength', ['string']],
  ['minItems', ['array']],
  ['minProperties', ['object']],
] as const;
const UPPER = [
  ['maximum', ['number', 'integer']],
  ['exclusiveMaximum', ['number', 'integer']],
  ['maxLength', ['string']],
  ['maxItems', ['array']],
  ['maxProperties', ['object']],
] as const;

/** The bounds of `receiver` that lie inside those of `sender`, by their keywords. */
export function tighterBounds(sender: Schema, receiver: Schema): string[] {
  const types = typesOf(sender);
  const concerns = (of: readonly string[]): boolean => of.some((type) => types.includes(type));
  const lower = LOWER.filter(([key, of]) => concerns(of) && isRaised(key, sender, receiver));
  const upper = UPPER.filter(([key, of]) => concerns(of) && isLowered(key, sender, receiver));
  const found: string[] = [...lower, ...upper].map(([key]) => key);
  const [before, now] = [sender['multipleOf'], receiver['multipleOf']];
  const isMultiple = typeof before === 'number' && typeof now === 'number' && before % now === 0;
  if (typeof now === 'number' && concerns(['number', 'integer']) && !isMultiple) {
    found.push('multipleOf');
  }
  return found;
}

/** Whether values at the lower end of `sender` are refused. */
function isRaised(key: string, sender: Schema, receiver: Schema): boolean {
  const bound = receiver[key];
  if (typeof bound !== 'number' || (key.startsWith('min') && key !== 'minimum' && bound <= 0)) {
    return false;
  }
  const { [key]: same, minimum, exclusiveMinimum } = sender;
  if (typeof same === 'number' && same >= bound) return false;
  if (key === 'minimum')
    return !(typeof exclusiveMinimum === 'number' && exclusiveMinimum >= bound);
  if (key === 'exclusiveMinimum') return !(typeof minimum === 'number' && minimum > bound);
  return true;
}

/** Whether values at the upper end of `sender` are refused. */
function isLowered(key: string, sender: Schema, receiver: Schema): boolean {
  const bound = receiver[key];
  if (typeof bound !== 'number') return false;
  const { [key]: same, maximum, exclusiveMaximum } = sender;
  if (typeof same === 'number' && same <= bound) return false;
  if (key === 'maximum')
    return !(typeof exclusiveMaximum === 'number' && exclusiveMaximum <= bound);
  if (key === 'exclusiveMaximum') return !(typeof maximum === 'number' && maximum < bound);
  return true;
}
