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
  type Document,
  type Pair,
  type YAMLError,
} from 'yaml';
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
  problemAt(path: Path, message: string): Problem;
  /** A problem with the last key of the path; what follows the key is not shown. */
  problemAtKey(path: Path, message: string): Problem;
}

/** Aliases may multiply the document's nodes by at most this (YAML bombs). */
const MAX_ALIASES = 100;

/** `services.a.steps[0].weight` */
export function pathText(path: Path): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key).slice(0, 64)}`))
    .join('')
    .replace(/^\./, '');
}

/** Reads YAML text (1.2, with merge keys). Never throws. */
export function parseSource(file: string, text: string): Source {
  const lineCounter = new LineCounter();
  const pen = penFor(file, text, lineCounter);
  let doc: Document;
  try {
    doc = parseDocument(text, { lineCounter, prettyErrors: false, merge: true });
  } catch (error) {
    return unparsed(file, [pen(0, 0, '', `got YAML that cannot be read (${reason(error)})`)]);
  }
  const problems = [...doc.errors, ...doc.warnings].map((error) => yamlProblem(pen, text, error));
  const base = { problems, ...locator(doc, pen) };
  if (doc.errors.some((error) => error.code !== 'DUPLICATE_KEY'))
    return { ...base, value: undefined };
  try {
    return { ...base, value: doc.toJS({ maxAliasCount: MAX_ALIASES }) as unknown };
  } catch (error) {
    return unparsed(file, [
      ...problems,
      pen(0, 0, '', `got YAML that cannot be read (${reason(error)})`),
    ]);
  }
}

function unparsed(file: string, problems: readonly Problem[]): Source {
  const nowhere = (path: Path, message: string): Problem => ({
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
  if (error instanceof RangeError) return 'nested too deeply';
  const message = error instanceof Error ? error.message : String(error);
  return message.split(/[:"]/)[0]?.trim() ?? '';
}

function yamlProblem(pen: Pen, text: string, error: YAMLError): Problem {
  const [start, end] = error.pos;
  if (error.code !== 'DUPLICATE_KEY') return pen(start, end, '', `not YAML: ${reason(error)}`);
  const key = /^[\w.-]+/.exec(text.slice(start, start + 64))?.[0] ?? '';
  return pen(start, start + key.length, '', `the key ${key} stands twice in one map, wanted once`);
}

/** Writes a problem about the characters from `start` to `end`; `hideFrom` cuts the line there. */
type Pen = (
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
  return (start, end, path, message, hideFrom) => {
    const { line, col } = lineCounter.linePos(start);
    const index = Math.max(0, line - 1);
    const lineStart = start - (Math.max(1, col) - 1);
    let shown = shownLines[index] ?? '';
    if (hideFrom !== undefined && hideFrom - lineStart < shown.length) {
      shown = `${shown.slice(0, hideFrom - lineStart)} ...`;
    }
    const lineEnd = Math.min(end, lineStart + (lines[index] ?? '').length);
    const place = excerpt(shown, Math.max(1, col) - 1, lineEnd - start);
    return { file, place: { line: index + 1, column: Math.max(1, col), ...place }, path, message };
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
  /** The spots along the path, as far as it goes; the first is the document's. */
  const spotsAlong = (path: Path): Spot[] => {
    const spots: Spot[] = [{ node: doc.contents, key: null }];
    for (const step of path) {
      const next = child(doc, spots.at(-1)?.node, step);
      if (next === null) break;
      spots.push(next);
    }
    return spots;
  };
  return {
    has: (path) => spotsAlong(path).length > path.length,
    problemAt: (path, message) => {
      const [start, end] = spanOf(spotsAlong(path).at(-1), doc);
      return pen(start, end, pathText(path), message);
    },
    problemAtKey: (path, message) => {
      const spot = spotsAlong(path).at(-1);
      const [start, end] = rangeOf(spot?.key) ?? spanOf(spot, doc);
      return pen(start, end, pathText(path), message, end);
    },
  };
}

/** The value under a key or index, through aliases and merge keys. */
function child(doc: Document, node: unknown, step: PropertyKey, depth = 0): Spot | null {
  if (depth > MAX_ALIASES) return null;
  const target = isAlias(node) ? node.resolve(doc) : node;
  if (isSeq(target)) {
    const item = target.items[Number(step)];
    return item === undefined ? null : { node: item, key: null };
  }
  if (!isMap(target)) return null;
  const pair = target.items.findLast(({ key }) => keyText(key) === String(step));
  if (pair !== undefined) return { node: pair.value, key: pair.key };
  for (const { value } of target.items.filter(isMerge)) {
    for (const merged of isSeq(value) ? value.items : [value]) {
      const spot = child(doc, merged, step, depth + 1);
      if (spot !== null) return spot;
    }
  }
  return null;
}

function keyText(key: unknown): string {
  return isScalar<string | number | boolean | symbol | null>(key) ? String(key.value ?? '') : '';
}

const isMerge = ({ key }: Pair): boolean => isScalar(key) && typeof key.value === 'symbol';

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
