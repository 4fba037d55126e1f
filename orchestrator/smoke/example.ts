/** A value that a JSON Schema itself offers: nothing is made up (pure). */
import { flatten, isSchema, schemaAt, type SchemaOrBoolean } from '../contract/flatten.js';

export type Example =
  | { readonly ok: true; readonly value: unknown }
  /** The first place that offers nothing, such as `filter.kind`; empty for the whole value. */
  | { readonly ok: false; readonly at: string };

const MAX_DEPTH = 20;

/** A value from `const`, `default`, `examples` or `enum`; of a map its required keys, each so. */
export function exampleOf(schema: unknown): Example {
  return example(schemaAt(schema), isSchema(schema) ? schema : {}, { path: '', depth: 0 });
}

function example(
  schema: SchemaOrBoolean,
  root: Readonly<Record<string, unknown>>,
  { path, depth }: { readonly path: string; readonly depth: number },
): Example {
  if (typeof schema === 'boolean' || depth > MAX_DEPTH) return { ok: false, at: path };
  const flat = flatten(schema, root);
  const offered = [flat['const'], flat['default'], first(flat['examples']), first(flat['enum'])];
  const value = offered.find((each) => each !== undefined);
  if (value !== undefined) return { ok: true, value };
  if (flat['type'] !== 'object') return { ok: false, at: path };
  const properties = isSchema(flat['properties']) ? flat['properties'] : {};
  const required: unknown = flat['required'];
  const made: Record<string, unknown> = {};
  for (const name of Array.isArray(required) ? required.map(String) : []) {
    const at = path === '' ? name : `${path}.${name}`;
    const part = example(schemaAt(properties[name]), root, { path: at, depth: depth + 1 });
    if (!part.ok) return part;
    made[name] = part.value;
  }
  return { ok: true, value: made };
}

function first(value: unknown): unknown {
  return Array.isArray(value) ? (value[0] as unknown) : undefined;
}
