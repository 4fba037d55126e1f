/** Which keys may stand where in a file: what is proposed instead of an unknown one. */
import { z } from 'zod';

type Schema = z.core.$ZodType;

/**
 * The keys that the map at `path` may have; empty where any key or none is allowed.
 * Follows maps, lists and alternatives.
 */
export function keysAt(schema: Schema, [head, ...rest]: readonly PropertyKey[]): string[] {
  const branches = branchesOf(schema);
  if (head === undefined) {
    return branches.flatMap((each) => (each instanceof z.ZodObject ? Object.keys(each.shape) : []));
  }
  const next = branches.map((branch) => partOf(branch, head)).find((part) => part !== undefined);
  return next === undefined ? [] : keysAt(next, rest);
}

/** The alternatives that a value may be, without what only wraps them. */
function branchesOf(schema: Schema): readonly Schema[] {
  if (schema instanceof z.ZodOptional) return branchesOf(schema.unwrap());
  if (schema instanceof z.ZodPipe) return branchesOf(schema.in);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(branchesOf);
  return [schema];
}

function partOf(schema: Schema, key: PropertyKey): Schema | undefined {
  if (schema instanceof z.ZodObject) return (schema.shape as Record<PropertyKey, Schema>)[key];
  if (schema instanceof z.ZodArray) return schema.element;
  return schema instanceof z.ZodRecord ? schema.valueType : undefined;
}
