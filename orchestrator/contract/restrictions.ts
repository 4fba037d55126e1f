/**
 * In which ways one JSON Schema refuses values that another accepts (pure). A tool's input breaks
 * its callers where the new schema refuses what the old one took; its output breaks them where the
 * old schema refuses what the new one gives.
 *
 * 1. A schema never restricts itself, and nothing restricts less than leaving a keyword out.
 * 2. Doubt counts as a restriction: a keyword that is not understood must not change.
 * 3. A sender sends what the schema it knows declares: properties that nobody declared don't count.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  alternativesOf,
  isAnnotation,
  isSchema,
  schemaAt,
  type Schema,
  type SchemaOrBoolean,
} from './flatten.js';
import { acceptsValue, finiteValues, tighterBounds, typesOf } from './values.js';
import type { Words } from './words.js';

/** One way in which the receiver's schema is narrower than the sender's. */
export interface Restriction {
  /** Such as `filter.tags[]`; empty for the whole value. */
  readonly path: string;
  readonly text: string;
}

export interface Direction {
  readonly words: Words;
  /**
   * What becomes of a property that the receiver does not declare. `lost` breaks a sender who
   * means something by it, such as a call's argument; `harmless` is fine unless it is forbidden.
   */
  readonly undeclared: 'lost' | 'harmless';
}

/** Pairs of subschemas that are compared before two schemas are taken for incomparable. */
const MAX_PAIRS = 10_000;
/** Deeper schemas are incomparable. */
const MAX_DEPTH = 200;

/** Every way in which `receiver` refuses what `sender` allows; empty when in none. */
export function restrictions(
  sender: SchemaOrBoolean,
  receiver: SchemaOrBoolean,
  direction: Direction,
): readonly Restriction[] {
  const incomparable = [{ path: '', text: 'is too large or too deep to compare' }];
  if (isTooDeep(sender) || isTooDeep(receiver)) return incomparable;
  if (isDeepStrictEqual(sender, receiver)) return [];
  const comparison = new Comparison(rootOf(sender), rootOf(receiver), direction);
  const found = comparison.compare(sender, receiver, '');
  return comparison.exhausted ? incomparable : found;
}

function isTooDeep(schema: unknown): boolean {
  const open = [{ value: schema, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, depth } = next;
    if (typeof value !== 'object' || value === null) continue;
    if (depth > MAX_DEPTH) return true;
    for (const child of Object.values(value)) open.push({ value: child, depth: depth + 1 });
  }
  return false;
}

function rootOf(schema: SchemaOrBoolean): Schema {
  return typeof schema === 'boolean' ? {} : schema;
}

/** Handled here or in values.ts; every other keyword is compared as a whole. */
const UNDERSTOOD = new Set([
  'type',
  'enum',
  'const',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'prefixItems',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
]);

/** One object for every schema that accepts everything, so that pairs can be recognised. */
const EVERYTHING: Schema = {};

class Comparison {
  readonly #senderRoot: Schema;
  readonly #receiverRoot: Schema;
  readonly #direction: Direction;
  /** Pairs under comparison: one that is met again inside itself is recursive, and adds nothing. */
  readonly #open: (readonly [Schema, Schema])[] = [];
  #pairs = 0;

  constructor(senderRoot: Schema, receiverRoot: Schema, direction: Direction) {
    this.#senderRoot = senderRoot;
    this.#receiverRoot = receiverRoot;
    this.#direction = direction;
  }

  get exhausted(): boolean {
    return this.#pairs > MAX_PAIRS;
  }

  compare(sender: SchemaOrBoolean, receiver: SchemaOrBoolean, path: string): Restriction[] {
    this.#pairs += 1;
    if (this.exhausted || sender === false || receiver === true) return [];
    if (receiver === false) return [{ path, text: this.#direction.words.anyValue }];
    const from = sender === true ? EVERYTHING : sender;
    if (this.#open.some(([a, b]) => a === from && b === receiver)) return [];
    this.#open.push([from, receiver]);
    const found = this.#alternatives(from, receiver, path);
    this.#open.pop();
    return found;
  }

  /** Each alternative of the sender must fit one of the receiver's. */
  #alternatives(sender: Schema, receiver: Schema, path: string): Restriction[] {
    const own = alternativesOf(sender, this.#senderRoot);
    const their = alternativesOf(receiver, this.#receiverRoot);
    const found = own.flatMap(eachValue).flatMap((one) => this.#nearest(one, their, path));
    const unique = new Map(found.map((each) => [`${each.path}\0${each.text}`, each]));
    return [...unique.values()];
  }

  /** The restrictions of the receiver's alternative, or that none of several fits. */
  #nearest(
    own: SchemaOrBoolean,
    their: readonly SchemaOrBoolean[],
    path: string,
  ): readonly Restriction[] {
    let last: readonly Restriction[] = [];
    for (const alternative of their) {
      last = this.#plain(own, alternative, path);
      if (last.length === 0) return [];
    }
    if (their.length === 1) return last;
    return [{ path, text: this.#direction.words.value(nameOf(own)) }];
  }

  /** Two schemas without alternatives. */
  #plain(sender: SchemaOrBoolean, receiver: SchemaOrBoolean, path: string): Restriction[] {
    const { words } = this.#direction;
    const at = (text: string): Restriction => ({ path, text });
    if (sender === false || receiver === true) return [];
    if (receiver === false) return [at(words.anyValue)];
    const from = sender === true ? EVERYTHING : sender;
    const value = from['const'];
    if (value !== undefined && (typeof value !== 'object' || value === null)) {
      const isTaken = acceptsValue(value, receiver) && isUnderstood(from, receiver);
      return isTaken ? [] : [at(words.value(JSON.stringify(value)))];
    }
    const lost = typesOf(from).filter((type) => !typesOf(receiver).includes(type));
    if (lost.length > 0) return [at(this.#typeText(lost, from, receiver))];
    const allowed = finiteValues(receiver);
    const isFixed = allowed !== null && !isDeepStrictEqual(allowed, finiteValues(from));
    return [
      ...(isFixed ? [at(words.only(listed(allowed)))] : []),
      ...tighterBounds(from, receiver).map((key) =>
        at(words.between(key, shown(from[key]), shown(receiver[key]))),
      ),
      ...this.#objects(from, receiver, path),
      ...this.#arrays(from, receiver, path),
      ...opaqueKeywords(from, receiver).map((key) =>
        at(
          from[key] === undefined
            ? words.keyword(key)
            : words.between(key, shown(from[key]), shown(receiver[key])),
        ),
      ),
    ];
  }

  #typeText(lost: readonly string[], sender: Schema, receiver: Schema): string {
    const { words } = this.#direction;
    const isAll = sender['type'] === undefined || lost.length === typesOf(sender).length;
    return isAll
      ? words.between('type', typeName(sender), typeName(receiver))
      : words.value(lost.join(', '));
  }

  #objects(sender: Schema, receiver: Schema, path: string): Restriction[] {
    const { words } = this.#direction;
    const their = propertiesOf(receiver);
    const known = requiredOf(sender);
    const found = requiredOf(receiver)
      .filter((name) => !known.includes(name))
      .map((name): Restriction => ({ path: join(path, name), text: words.required }));
    for (const [name, schema] of Object.entries(propertiesOf(sender))) {
      const at = join(path, name);
      found.push(
        ...(Object.hasOwn(their, name)
          ? this.compare(schemaAt(schema), schemaAt(their[name]), at)
          : this.#undeclared(schemaAt(schema), receiver, at)),
      );
    }
    const [open, rest] = [sender['additionalProperties'], receiver['additionalProperties']];
    if (open !== undefined && rest !== undefined) {
      found.push(...this.compare(schemaAt(open), schemaAt(rest), `${path}{}`));
    }
    return found;
  }

  #undeclared(schema: SchemaOrBoolean, receiver: Schema, path: string): Restriction[] {
    const { words, undeclared } = this.#direction;
    const rest = receiver['additionalProperties'];
    if (isSchema(rest)) return this.compare(schema, rest, path);
    const isTaken = rest === true || Object.hasOwn(receiver, 'patternProperties');
    const isLost = rest === false || (undeclared === 'lost' && !isTaken);
    return isLost ? [{ path, text: words.undeclared }] : [];
  }

  #arrays(sender: Schema, receiver: Schema, path: string): Restriction[] {
    const [own, their] = [listOf(sender['prefixItems']), listOf(receiver['prefixItems'])];
    const [a, b] = [sender['items'], receiver['items']];
    const found: Restriction[] = [];
    for (let index = 0; index < Math.max(own.length, their.length); index += 1) {
      const mine = index < own.length ? own[index] : a;
      const theirs = index < their.length ? their[index] : b;
      found.push(...this.compare(schemaAt(mine), schemaAt(theirs), `${path}[${index}]`));
    }
    if (!Array.isArray(a) && !Array.isArray(b)) {
      return [...found, ...this.compare(schemaAt(a), schemaAt(b), `${path}[]`)];
    }
    if (isDeepStrictEqual(a, b)) return found;
    const text = this.#direction.words.between('items', shown(a), shown(b));
    return [...found, { path, text }];
  }
}

/** An enumeration's values, one by one. */
function eachValue(schema: SchemaOrBoolean): readonly SchemaOrBoolean[] {
  if (typeof schema === 'boolean') return [schema];
  const values = schema['const'] === undefined ? finiteValues(schema) : null;
  return values === null ? [schema] : values.map((value) => ({ ...schema, const: value }));
}

/** Keywords that are not understood: what is new or different in the receiver may restrict. */
function opaqueKeywords(sender: Schema, receiver: Schema): string[] {
  return Object.keys(receiver)
    .filter((key) => !UNDERSTOOD.has(key) && !isAnnotation(key))
    .filter((key) => !isDeepStrictEqual(sender[key], receiver[key]))
    .filter((key) => key !== 'uniqueItems' || receiver[key] !== false);
}

/** Nothing but a value's type, bounds and pattern decides; what the sender has too does not. */
function isUnderstood(sender: Schema, receiver: Schema): boolean {
  return opaqueKeywords(sender, receiver).every((key) => key === 'pattern');
}

const MAX_SHOWN = 60;

/** A keyword's value, as far as a line has room for it. */
function shown(value: unknown): string {
  if (value === undefined) return 'none';
  const text = JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
}

function listed(values: readonly unknown[]): string {
  return shown(values).replace(/^\[|\]$/g, '');
}

function typeName({ type }: Schema): string {
  if (type === undefined) return 'any';
  return Array.isArray(type) ? type.join(' or ') : shown(type).replaceAll('"', '');
}

function nameOf(schema: SchemaOrBoolean): string {
  if (typeof schema === 'boolean') return 'any value';
  const { type, const: value, title } = schema;
  if (value !== undefined) return shown(value);
  if (typeof type === 'string') return type;
  return typeof title === 'string' ? title : 'one of the alternatives';
}

function propertiesOf(schema: Schema): Schema {
  const properties = schema['properties'];
  return isSchema(properties) ? properties : {};
}

function requiredOf(schema: Schema): readonly string[] {
  return listOf(schema['required']).filter((name) => typeof name === 'string');
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
