/**
 * The text of `canary.yaml`: parsed into plain values, and the way back from a path in those
 * values to the place in the text.
 */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Pair,
  type YAMLMap,
  type YAMLError,
} from 'yaml';
import { messageOf } from '../common/message-of.js';
import { tooDeepAt } from './nesting.js';
import type { ProblemCode } from './problem-codes.js';
import type { Place, Problem } from './problem.js';
import { hideSecrets } from './secrets.js';

export type Path = readonly PropertyKey[];

export interface Source {
  /** The plain value; undefined when the text does not parse. */
  readonly value: unknown;
  /** What YAML itself finds wrong: syntax, duplicate keys, unknown tags, endless aliases. */
  readonly problems: readonly Problem[];
  /** Whether something stands at the path. */
  has(path: Path): boolean;
  /** A problem with the value at the path, or with the deepest key above it that is written. */
  problemAt(code: ProblemCode, path: Path, message: string): Problem;
  /** A problem with the last key of the path; what follows the key is not shown. */
  problemAtKey(code: ProblemCode, path: Path, message: string): Problem;
}

/** Aliases may multiply the document's nodes by at most this (YAML bombs). */
const MAX_ALIASES = 100;

/** `services.a.steps[0].weight` */
function pathText(path: Path): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key).slice(0, 64)}`))
    .join('')
    .replace(/^\./, '');
}

/** Reads YAML text (1.2, with merge keys). Never throws. */
export function parseSource(file: string, text: string): Source {
  const lineCounter = new LineCounter();
  const pen = penFor(file, text, lineCounter);
  const tooDeep = tooDeepAt(text, lineCounter);
  if (tooDeep !== null) {
    return unparsed(file, [pen('not-yaml', tooDeep, tooDeep, '', 'not YAML: nested too deeply')]);
  }
  const doc: Document = parseDocument(text, {
    // A warning would quote the file on the error stream; what is wrong is told as a problem.
    logLevel: 'error',
    prettyErrors: false,
    merge: true,
    uniqueKeys: false,
  });
  const problems = [
    ...[...doc.errors, ...doc.warnings].map((error) => yamlProblem(pen, doc, error)),
    ...keyProblems(pen, doc),
  ];
  const base = { problems, ...locator(doc, pen) };
  if (doc.errors.length > 0) return { ...base, value: undefined };
  try {
    return { ...base, value: doc.toJS({ maxAliasCount: MAX_ALIASES }) as unknown };
  } catch (error) {
    return unparsed(file, [
      ...problems,
      pen('not-yaml', 0, 0, '', `got YAML that cannot be read (${reason(error)})`),
    ]);
  }
}

function unparsed(file: string, problems: readonly Problem[]): Source {
  const nowhere = (code: ProblemCode, path: Path, message: string): Problem => ({
    code,
    file,
    place: null,
    path: pathText(path),
    message,
  });
  return {
    value: undefined,
    problems,
    has: () => false,
    problemAt: nowhere,
    problemAtKey: nowhere,
  };
}

/** The parser's own words, without what it quotes: a quotation may be a secret. */
function reason(error: unknown): string {
  return messageOf(error).split(/: |; /)[0]?.replaceAll('"', '') ?? '';
}

function yamlProblem(pen: Pen, doc: Document, error: YAMLError): Problem {
  const [start, end] = error.code === 'MISSING_CHAR' ? openQuote(doc, error.pos) : error.pos;
  return pen('not-yaml', start, end, '', `not YAML: ${reason(error)}`);
}

/** A quote that is never closed is noticed at the end of the file; people look for its beginning. */
function openQuote(doc: Document, noticedAt: Range): Range {
  let opened = noticedAt;
  visit(doc, {
    Scalar: (_, { type, range }) => {
      const isQuoted = type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE';
      if (isQuoted && range && range[1] >= noticedAt[0]) opened = [range[0], range[1]];
    },
  });
  return opened;
}

/** Keys that stand twice (the parser's own check takes quadratic time), and one that objects lose. */
function keyProblems(pen: Pen, doc: Document): Problem[] {
  const problems: Problem[] = [];
  visit(doc, {
    Map: (_, map) => {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        const name = keyText(key);
        const [start, end] = rangeOf(key) ?? rangeOf(map) ?? [0, 0];
        const problem = (code: ProblemCode, message: string) =>
          pen(code, start, end, '', message, end);
        if (seen.has(name))
          problems.push(problem('duplicate-key', `${name} stands twice in one map, wanted once`));
        if (name === '__proto__')
          problems.push(problem('bad-name', `got ${name}, wanted another name`));
        seen.add(name);
      }
    },
  });
  return problems;
}

/** Writes a problem about the characters from `start` to `end`; `hideFrom` cuts the line there. */
type Pen = (
  code: ProblemCode,
  start: number,
  end: number,
  path: string,
  message: string,
  hideFrom?: number,
) => Problem;

/** Wider lines are cut to the part around the caret. */
const MAX_EXCERPT = 110;
const EXCERPT_BEFORE_CARET = 50;

function penFor(file: string, text: string, lineCounter: LineCounter): Pen {
  const lines = text.split(/\r?\n/);
  const shownLines = hideSecrets(lines);
  return (code, start, end, path, message, hideFrom) => {
    const { line, col } = lineCounter.linePos(start);
    const index = Math.max(0, line - 1);
    const lineStart = start - (Math.max(1, col) - 1);
    let shown = shownLines[index] ?? '';
    if (hideFrom !== undefined && hideFrom - lineStart < shown.length) {
      shown = `${shown.slice(0, hideFrom - lineStart)} ...`;
    }
    const lineEnd = Math.min(end, lineStart + (lines[index] ?? '').length);
    const place = excerpt(shown, Math.max(1, col) - 1, lineEnd - start);
    return {
      code,
      file,
      place: { line: index + 1, column: Math.max(1, col), ...place },
      path,
      message,
    };
  };
}

function excerpt(
  line: string,
  caretAt: number,
  width: number,
): Pick<Place, 'excerpt' | 'caretAt' | 'caretWidth'> {
  const at = Math.min(caretAt, line.length);
  const from = line.length > MAX_EXCERPT ? Math.max(0, at - EXCERPT_BEFORE_CARET) : 0;
  const part = line.slice(from, from + MAX_EXCERPT);
  const [before, after] = [from > 0 ? '...' : '', from + MAX_EXCERPT < line.length ? '...' : ''];
  return {
    excerpt: before + part + after,
    caretAt: before.length + at - from,
    caretWidth: Math.max(1, Math.min(width, part.length - (at - from))),
  };
}

/** Where a value and its key stand, as far as they are written. */
interface Spot {
  readonly node: unknown;
  readonly key: unknown;
}

function locator(doc: Document, pen: Pen): Pick<Source, 'has' | 'problemAt' | 'problemAtKey'> {
  const indexes: Indexes = new Map();
  /** The spots along the path, as far as it goes; the first is the document's. */
  const spotsAlong = (path: Path): Spot[] => {
    const spots: Spot[] = [{ node: doc.contents, key: null }];
    for (const step of path) {
      const next = child({ doc, indexes }, spots.at(-1)?.node, step);
      if (next === null) break;
      spots.push(next);
    }
    return spots;
  };
  return {
    has: (path) => spotsAlong(path).length > path.length,
    problemAt: (code, path, message) => {
      const [start, end] = spanOf(spotsAlong(path).at(-1), doc);
      return pen(code, start, end, pathText(path), message);
    },
    problemAtKey: (code, path, message) => {
      const spot = spotsAlong(path).at(-1);
      const [start, end] = rangeOf(spot?.key) ?? spanOf(spot, doc);
      return pen(code, start, end, pathText(path), message, end);
    },
  };
}

/** The pairs of the maps that were looked into, by key: a search in a long map would add up. */
type Indexes = Map<YAMLMap, ReadonlyMap<string, Pair>>;

interface Lookup {
  readonly doc: Document;
  readonly indexes: Indexes;
}

/** The value under a key or index, through aliases and merge keys. */
function child(lookup: Lookup, node: unknown, step: PropertyKey, depth = 0): Spot | null {
  if (depth > MAX_ALIASES) return null;
  const target = isAlias(node) ? node.resolve(lookup.doc) : node;
  if (isSeq(target)) {
    const item = target.items[Number(step)];
    return item === undefined ? null : { node: item, key: null };
  }
  if (!isMap(target)) return null;
  const pairs = indexOf(target, lookup.indexes);
  const pair = pairs.get(String(step));
  if (pair !== undefined) return { node: pair.value, key: pair.key };
  const sources = pairs.get(MERGE_KEY)?.value;
  for (const source of isSeq(sources) ? sources.items : [sources]) {
    const spot = child(lookup, source, step, depth + 1);
    if (spot !== null) return spot;
  }
  return null;
}

function indexOf(map: YAMLMap, indexes: Indexes): ReadonlyMap<string, Pair> {
  const known = indexes.get(map);
  if (known !== undefined) return known;
  const index = new Map(map.items.map((pair) => [keyText(pair.key), pair] as const));
  indexes.set(map, index);
  return index;
}

const MERGE_KEY = '<<';

/** As the plain value has it; the parser's symbol for a merge key reads `<<`. */
function keyText(key: unknown): string {
  if (!isScalar<string | number | boolean | symbol | null>(key)) return '';
  return typeof key.value === 'symbol' ? MERGE_KEY : String(key.value ?? '');
}

type Range = readonly [start: number, end: number];

function rangeOf(node: unknown): Range | null {
  const range = (node as { range?: readonly number[] | null } | null | undefined)?.range;
  const [start, end] = range ?? [];
  return start === undefined || end === undefined || end <= start ? null : [start, end];
}

/** What is marked: a scalar itself, for a collection or an empty value its key. */
function spanOf(spot: Spot | undefined, doc: Document): Range {
  const value = rangeOf(spot?.node);
  const key = rangeOf(spot?.key);
  const isText = isScalar(spot?.node) || isAlias(spot?.node);
  return (isText ? (value ?? key) : (key ?? value)) ?? rangeOf(doc.contents) ?? [0, 0];
}
