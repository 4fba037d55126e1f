/** What the descriptions of `canary.yaml` are made of: kinds of values, each with the words for what was wanted. */
import { z } from 'zod';
import { messageOf } from '../common/message-of.js';
import {
  ADDRESS_PATTERN,
  DURATION_PATTERN,
  SIZE_PATTERN,
  formatDuration,
  parseAddress,
  parseDuration,
  parseSize,
  type DurationBounds,
  type Parsed,
} from './units.js';

/** A value that one of the unit parsers reads; `json` is what the JSON Schema says of it. */
export function unit<T>(parse: (value: unknown) => Parsed<T>, json: Record<string, unknown>) {
  return z
    .custom<unknown>((value) => value !== undefined, { error: () => wantedBy(parse) })
    .transform((value, context): T => {
      const parsed = parse(value);
      if (parsed.ok) return parsed.value;
      context.issues.push({ code: 'custom', input: value, message: parsed.wanted });
      return z.NEVER;
    })
    .meta(json);
}

/** What a missing value should have been. */
function wantedBy(parse: (value: unknown) => Parsed<unknown>): string {
  const parsed = parse(undefined);
  return parsed.ok ? '' : parsed.wanted;
}

export const duration = (bounds: DurationBounds) =>
  unit((value) => parseDuration(value, bounds), {
    type: 'string',
    pattern: DURATION_PATTERN,
    title: `a duration from ${formatDuration(bounds.minMs)} to ${formatDuration(bounds.maxMs)}, such as 90s, 30m or 1h30m`,
    examples: ['90s', '30m', '1h30m'],
  });

export const size = unit(parseSize, {
  type: 'string',
  pattern: SIZE_PATTERN,
  examples: ['380MB', '380MiB', '1GB'],
});

export const address = unit(parseAddress, {
  type: ['string', 'integer'],
  pattern: ADDRESS_PATTERN,
  minimum: 1,
  maximum: 65_535,
  examples: [8080, '0.0.0.0:8080', '[::1]:8080'],
});

export function number(min: number, max: number) {
  const error = `a number from ${min} to ${max}`;
  return z.number({ error }).min(min, { error }).max(max, { error });
}

export function count(min: number, max: number) {
  const error = `a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

export function oneOf<const T extends readonly [string, ...string[]]>(values: T) {
  return z.enum(values, { error: `one of ${values.join(', ')}` });
}

export function text(pattern: RegExp, error: string) {
  return z.string({ error }).regex(pattern, { error });
}

/** What services, groups, schedules and checks are called. */
export const name = () =>
  text(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'a name of 1 to 64 letters, digits, dots, underscores and hyphens that begins with a letter or digit',
  );

/** A map with free names as keys. */
export function named<T extends z.ZodType>(item: T, what: string) {
  return z.record(name(), item, {
    error: (issue) => (issue.code === 'invalid_type' ? `a map of ${what}` : undefined),
  });
}

export function list<T extends z.ZodType>(item: T, min: number, max: number, what: string) {
  const error = `a list of ${min} to ${max} ${what}`;
  return z.array(item, { error }).min(min, { error }).max(max, { error });
}

/** For a list whose items have names: no two the same. */
export function uniqueNames(
  items: readonly { readonly name: string }[],
  context: z.core.$RefinementCtx,
): void {
  const names = items.map((item) => item.name);
  for (const [index, each] of names.entries()) {
    if (names.indexOf(each) === index) continue;
    context.addIssue({ code: 'custom', message: 'a name of its own', path: [index, 'name'] });
  }
}

/** A map with fixed keys. Unknown keys are issues of zod's own, `unrecognized_keys`. */
export function section<T extends z.ZodRawShape>(shape: T) {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'invalid_type' ? 'a map of keys' : undefined),
  });
}

/** Variables by name. Their values are secret. */
export const environment = z.record(
  text(/^[A-Za-z_][A-Za-z0-9_.-]*$/, "an environment variable's name"),
  // eslint-disable-next-line no-control-regex -- no operating system takes NUL in an environment
  text(/^[^\u0000]*$/, 'text (numbers and true or false need quotes)'),
  { error: (issue) => (issue.code === 'invalid_type' ? 'a map of names to text' : undefined) },
);

/** A regular expression in JavaScript's syntax, since that is what text is matched with. */
export const pattern = z
  .string({ error: 'a regular expression as text' })
  .min(1, { error: 'a regular expression of at least one character' })
  .max(500, { error: 'a regular expression of at most 500 characters' })
  .superRefine((source, context) => {
    try {
      new RegExp(source);
    } catch (error) {
      const why = messageOf(error);
      context.addIssue({ code: 'custom', message: `a regular expression (${why})` });
    }
  })
  .meta({ format: 'regex' });
