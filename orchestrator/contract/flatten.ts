/** A JSON Schema's indirections taken out, so that two schemas can be laid side by side (pure). */
import { isDeepStrictEqual } from 'node:util';

export type Schema = Readonly<Record<string, unknown>>;
/** A schema, or true (everything) or false (nothing). */
export type SchemaOrBoolean = Schema | boolean;

/** References and parts of `allOf` that one schema is made of, before it is left as it is. */
const MAX_STEPS = 500;

export function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What stands at a place for a schema; anything that is none accepts everything. */
export function schemaAt(value: unknown): SchemaOrBoolean {
  return isSchema(value) || value === false ? value : true;
}

/**
 * The schema with its local reference followed and its `allOf` merged into it. What cannot be
 * followed or merged, or does not end, stays as it is, and is then compared as a whole.
 */
export function flatten(schema: Schema, root: Schema): Schema {
  return flattened(schema, root, { left: MAX_STEPS });
}

interface Steps {
  left: number;
}

function flattened(schema: Schema, root: Schema, steps: Steps): Schema {
  const followed = follow(schema, root, steps);
  const { allOf, ...own } = followed;
  if (!Array.isArray(allOf)) return followed;
  let merged: Schema = own;
  for (const part of allOf) {
    steps.left -= 1;
    if (!isSchema(part) || steps.left <= 0) return followed;
    const next = merge(merged, flattened(part, root, steps));
    if (next === null) return followed;
    merged = next;
  }
  return merged;
}

function follow(schema: Schema, root: Schema, steps: Steps): Schema {
  let at = schema;
  for (; steps.left > 0; steps.left -= 1) {
    const { $ref, ...beside } = at;
    if (typeof $ref !== 'string') return at;
    const target = targetOf($ref, root);
    const merged = target === null ? null : merge(target, beside);
    if (merged === null) return at;
    at = merged;
  }
  return at;
}

/** RFC 6901, inside the same document. */
function targetOf(reference: string, root: Schema): Schema | null {
  if (!reference.startsWith('#')) return null;
  let at: unknown = root;
  for (const part of reference.slice(1).split('/').slice(1)) {
    const key = decoded(part).replaceAll('~1', '/').replaceAll('~0', '~');
    const isThere = typeof at === 'object' && at !== null && Object.hasOwn(at, key);
    at = isThere ? (at as Record<string, unknown>)[key] : undefined;
  }
  return isSchema(at) ? at : null;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Both schemas in one; null when they say different things of one keyword. */
function merge(a: Schema, b: Schema): Schema | null {
  const merged: Record<string, unknown> = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const before = merged[key];
    if (before === undefined || isAnnotation(key)) merged[key] = value;
    else if (key === 'required' && Array.isArray(before) && Array.isArray(value)) {
      merged[key] = [...new Set<unknown>([...(before as unknown[]), ...(value as unknown[])])];
    } else if (key === 'properties' && isSchema(before) && isSchema(value)) {
      const properties = merge(before, value);
      if (properties === null) return null;
      merged[key] = properties;
    } else if (!isDeepStrictEqual(before, value)) return null;
  }
  return merged;
}

const ANNOTATIONS = new Set([
  '$schema',
  '$id',
  '$anchor',
  '$comment',
  '$defs',
  'definitions',
  'title',
  'description',
  'default',
  'examples',
  'example',
  'deprecated',
  'readOnly',
  'writeOnly',
]);

/** Keywords that say nothing about which values are accepted; also vendors' own, such as `x-order`. */
export function isAnnotation(keyword: string): boolean {
  return ANNOTATIONS.has(keyword) || keyword.startsWith('x-');
}

/** A schema with more alternatives than this is compared as a whole. */
const MAX_ALTERNATIVES = 200;

/**
 * The alternatives of a schema, flattened, each with what stands beside them: those of `anyOf` or
 * `oneOf`, and one for each of several types. Alternatives of alternatives are among them.
 */
export function alternativesOf(schema: Schema, root: Schema): readonly SchemaOrBoolean[] {
  const whole = flatten(schema, root);
  const open: SchemaOrBoolean[] = [whole];
  const found: SchemaOrBoolean[] = [];
  let splits = 0;
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    const split = next === false ? null : splitOnce(next === true ? {} : next, root);
    if (split === null) found.push(next);
    else {
      splits += 1;
      open.unshift(...split);
    }
    // An alternative can be the schema itself.
    if (open.length + found.length + splits > MAX_ALTERNATIVES) return [whole];
  }
  return found;
}

/** Null for a schema without alternatives, or with such as cannot be told apart. */
function splitOnce(schema: Schema, root: Schema): readonly SchemaOrBoolean[] | null {
  for (const key of ['anyOf', 'oneOf'] as const) {
    const { [key]: options, ...beside } = schema;
    if (!Array.isArray(options) || options.length === 0) continue;
    const merged = options.map((option: unknown) => withSiblings(option, beside, root));
    return merged.every((each) => each !== null) ? merged : null;
  }
  const { type } = schema;
  if (!Array.isArray(type)) return null;
  return type.map((one: unknown) => ({ ...schema, type: one }));
}

function withSiblings(option: unknown, beside: Schema, root: Schema): SchemaOrBoolean | null {
  const alternative = schemaAt(option);
  if (alternative === false) return false;
  return merge(beside, alternative === true ? {} : flatten(alternative, root));
}
