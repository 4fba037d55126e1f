/** From what zod says about the file to problems that a person can act on. */
import type { z } from 'zod';
import { keysAt } from './known-keys.js';
import { nearest } from './nearest.js';
import type { Problem } from './problem.js';
import { SECRET_KEYS } from './secrets.js';
import type { Path, Source } from './source.js';

type Issue = z.core.$ZodIssue;

/** Longer values are cut in messages. */
const MAX_SHOWN_VALUE = 60;

/** The issues as problems at their places in the file; the whole file's schema tells which keys there are. */
export function problemsFrom(
  issues: readonly Issue[],
  source: Source,
  schema: z.ZodType,
): Problem[] {
  return issues.flatMap((issue) => problemsOf(issue, issue.path, source, schema));
}

function problemsOf(issue: Issue, path: Path, source: Source, schema: z.ZodType): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) =>
      source.problemAtKey('unknown-key', [...path, key], unknownKey(path, key, schema)),
    );
  }
  if (issue.code === 'invalid_key') {
    const wanted = issue.issues[0]?.message ?? '';
    return [
      source.problemAtKey('bad-name', path, `${show(path.at(-1))} as a name, wanted ${wanted}`),
    ];
  }
  if (issue.code === 'invalid_union') {
    const branch = issue.errors.find((issues) => !issues.some(isAboutTheWhole));
    if (branch !== undefined) {
      return branch.flatMap((inner) => problemsOf(inner, [...path, ...inner.path], source, schema));
    }
  }
  const value = valueAt(source.value, path);
  const key = path.at(-1);
  if (value === undefined && key !== undefined) {
    return [
      source.problemAt(
        'missing-value',
        path.slice(0, -1),
        `${String(key)} is missing, wanted ${wantedBy(issue)}`,
      ),
    ];
  }
  const got = path.some((part) => SECRET_KEYS.has(part)) ? kindOf(value) : show(value);
  return [source.problemAt('bad-value', path, `${got}, wanted ${wantedBy(issue)}`)];
}

/** The alternative was not meant at all: the value is of another kind. */
function isAboutTheWhole(issue: Issue): boolean {
  return issue.path.length === 0 && issue.code !== 'unrecognized_keys';
}

/** The words for what was wanted instead. */
export function wantedBy(issue: Issue): string {
  if (issue.code !== 'invalid_union') return issue.message;
  const wanted = issue.errors.flatMap((issues) => issues.map(wantedBy));
  return [...new Set(wanted)].filter((text) => !text.startsWith('Invalid')).join(', or ');
}

function unknownKey(path: Path, key: string, schema: z.ZodType): string {
  const keys = keysAt(schema, path);
  const isServiceKey = keysAt(schema, ['services', '']).includes(key);
  if (path[0] === 'defaults' && path.length === 1 && isServiceKey) {
    return 'has no default, wanted in each service';
  }
  const suggestion = nearest(key, keys);
  return suggestion === null
    ? `unknown key, wanted one of ${keys.join(', ')}`
    : `unknown key, did you mean ${suggestion}?`;
}

/** What the plain value has at the path. A missing part is undefined. */
function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return at;
}

/** Takes what the issues are about out of the plain value, so that the rest can be read. */
export function removeFaulty(value: unknown, issues: readonly Issue[]): void {
  for (const issue of issues) {
    const extra = issue.code === 'unrecognized_keys' ? issue.keys : [];
    const paths = extra.length > 0 ? extra.map((key) => [...issue.path, key]) : [issue.path];
    for (const path of paths) removeAt(value, path);
  }
}

/** A faulty item takes its whole list with it: the other items would move up. */
function removeAt(value: unknown, path: Path): void {
  const end = path.findIndex((key) => typeof key === 'number');
  const target = end < 0 ? path : path.slice(0, end);
  const owner = valueAt(value, target.slice(0, -1));
  const key = target.at(-1);
  if (key !== undefined && typeof owner === 'object' && owner !== null) {
    Reflect.deleteProperty(owner, key);
  }
}

function show(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
    return kindOf(value);
  }
  const text = JSON.stringify(withoutCredentials(value));
  return `got ${text.length > MAX_SHOWN_VALUE ? `${text.slice(0, MAX_SHOWN_VALUE)}...` : text}`;
}

/** A user and a password in an address. */
function withoutCredentials(value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll(/\/\/[^/\s]*@/g, '//***@') : value;
}

function kindOf(value: unknown): string {
  if (value === null) return 'got nothing';
  if (Array.isArray(value)) return 'got a list';
  if (typeof value === 'object') return 'got a map';
  return typeof value === 'string' ? 'got text' : `got a ${typeof value}`;
}
