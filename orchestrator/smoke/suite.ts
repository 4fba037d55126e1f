/**
 * A smoke suite: the calls that a canary must answer rightly before it gets any traffic, as a YAML
 * file has them. All problems of a file are found at once, each with its place.
 */
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/client/validators/ajv';
import { z } from 'zod';
import { messageOf } from '../../common/message-of.js';
import { problemsFrom } from '../../config/issues.js';
import { inOrder, type Problem } from '../../config/problem.js';
import { count, duration, list, pattern, section, text } from '../../config/shapes.js';
import { parseSource } from '../../config/source.js';
import { readText } from '../../config/text-file.js';

/** What an answer must be. A result that is no tool's error is wanted unless it says otherwise. */
export interface Expectation {
  /** Each must stand in the answer's text. */
  readonly contains: readonly string[];
  /** Regular expressions, each of which must match the answer's text. */
  readonly matches: readonly string[];
  /** JSON Schema of the structured content, else of the text read as JSON; null: none. */
  readonly schema: Readonly<Record<string, unknown>> | null;
  readonly isError: boolean;
  /** The JSON-RPC error that is wanted instead of a result; null: a result is. */
  readonly errorCode: number | null;
  /** How long the answer may take, milliseconds; null: as long as the call may. */
  readonly withinMs: number | null;
}

/** Any result that is no tool's error, in any time. */
export const PLAIN_RESULT: Expectation = {
  contains: [],
  matches: [],
  schema: null,
  isError: false,
  errorCode: null,
  withinMs: null,
};

export type SuiteRequest =
  | { readonly kind: 'tool'; readonly name: string; readonly arguments: Arguments }
  | {
      readonly kind: 'prompt';
      readonly name: string;
      readonly arguments: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'resource'; readonly uri: string };
type Arguments = Readonly<Record<string, unknown>>;

export interface SuiteCall {
  /** Unique in the suite. */
  readonly name: string;
  readonly request: SuiteRequest;
  readonly expect: Expectation;
  readonly timeoutMs: number;
  /** How often it is tried again after a wrong answer. */
  readonly retries: number;
  /** A tool that is not annotated read-only may run. */
  readonly writes: boolean;
  /** The calls after it make no sense without it. */
  readonly isSetup: boolean;
}

/** In the order in which they are made, the setup first. */
export interface Suite {
  readonly calls: readonly SuiteCall[];
}

export type SuiteReading =
  | { readonly ok: true; readonly suite: Suite }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** The most calls of one list. */
export const MAX_CALLS = 200;
const MAX_RETRIES = 20;
const DEFAULT_TIMEOUT = '30s';

const someText = (what: string) => text(/^[^\0]{1,10000}$/s, what);
const oneOrMore = <T extends z.ZodType<string>>(item: T, what: string) =>
  z.union([item.transform((one) => [one]), list(item, 1, 50, what)]);
const timeout = duration({ minMs: 100, maxMs: 600_000 });

/** Compiled only to see that it can be. */
const jsonSchema = z
  .record(z.string(), z.unknown(), { error: 'a JSON Schema' })
  .superRefine((schema, context) => {
    try {
      new AjvJsonSchemaValidator().getValidator(schema);
    } catch (error) {
      const why = messageOf(error);
      context.addIssue({ code: 'custom', message: `a JSON Schema (${why})` });
    }
  });

const errorCode = z.int({ error: 'the code of a JSON-RPC error, such as -32602' });

const expectation = section({
  contains: oneOrMore(someText('text'), 'texts').optional(),
  matches: oneOrMore(pattern, 'regular expressions').optional(),
  schema: jsonSchema.optional(),
  isError: z.boolean({ error: 'true or false' }).optional(),
  error: errorCode.optional(),
  within: timeout.optional(),
}).superRefine((written, context) => {
  const strange = Object.keys(written).find((key) => key !== 'error' && key !== 'within');
  if (written.error === undefined || strange === undefined) return;
  context.addIssue({ code: 'custom', message: 'only within beside error', path: [strange] });
});

const KINDS = ['tool', 'prompt', 'resource'] as const;

const call = section({
  name: someText('a name').optional(),
  tool: someText("a tool's name").optional(),
  prompt: someText("a prompt's name").optional(),
  resource: someText("a resource's URI").optional(),
  arguments: z.record(z.string(), z.unknown(), { error: 'a map of arguments' }).optional(),
  expect: expectation.optional(),
  timeout: timeout.optional(),
  retries: count(0, MAX_RETRIES).optional(),
  writes: z.boolean({ error: 'true or false' }).optional(),
}).superRefine((written, context) => {
  const refuse = (message: string, ...path: string[]): void =>
    context.addIssue({ code: 'custom', message, path });
  if (KINDS.filter((kind) => written[kind] !== undefined).length !== 1) {
    refuse('exactly one of tool, prompt and resource');
  }
  if (written.resource !== undefined && written.arguments !== undefined) {
    refuse('arguments only beside tool or prompt', 'arguments');
  }
  if (written.tool === undefined && written.writes !== undefined) {
    refuse('writes only beside tool', 'writes');
  }
  for (const [name, value] of Object.entries(written.arguments ?? {})) {
    if (written.prompt === undefined || typeof value === 'string') continue;
    refuse("text, as a prompt's arguments are", 'arguments', name);
  }
});
type WrittenCall = z.output<typeof call>;

const calls = list(call, 1, MAX_CALLS, 'calls');

const suiteSchema = section({
  timeout: timeout.optional(),
  setup: calls.optional(),
  calls,
}).superRefine((suite, context) => {
  const seen = new Set<string>();
  for (const key of ['setup', 'calls'] as const) {
    for (const [index, { name }] of (suite[key] ?? []).entries()) {
      if (name !== undefined && seen.has(name)) {
        const path = [key, index, 'name'];
        context.addIssue({ code: 'custom', message: 'a name of its own', path });
      }
      if (name !== undefined) seen.add(name);
    }
  }
});

/** Reads a suite file. Never throws. */
export function readSuite(file: string): SuiteReading {
  const reading = readText(file);
  if (reading.ok) return readSuiteText(file, reading.text);
  return {
    ok: false,
    problems: [{ code: 'unreadable-file', file, place: null, path: '', message: reading.message }],
  };
}

/** {@link readSuite} of text that was read from `file`. */
export function readSuiteText(file: string, text: string): SuiteReading {
  const source = parseSource(file, text);
  if (source.problems.length > 0) return { ok: false, problems: inOrder(source.problems) };
  if (source.value === null) {
    return {
      ok: false,
      problems: [source.problemAt('empty-file', [], 'got an empty file, wanted calls')],
    };
  }
  const read = suiteSchema.safeParse(source.value);
  if (!read.success) {
    const problems = problemsFrom(read.error.issues, source, suiteSchema);
    return { ok: false, problems: inOrder(problems) };
  }
  const { setup = [], calls, timeout } = read.data;
  const defaults = { timeoutMs: timeout ?? timeoutOf(DEFAULT_TIMEOUT) };
  const taken = new Set([...setup, ...calls].flatMap(({ name }) => name ?? []));
  const meant = (written: WrittenCall, isSetup: boolean): SuiteCall =>
    meantCall(written, { ...defaults, isSetup, taken });
  const all = [
    ...setup.map((each) => meant(each, true)),
    ...calls.map((each) => meant(each, false)),
  ];
  return { ok: true, suite: { calls: all } };
}

function timeoutOf(text: string): number {
  return timeout.parse(text);
}

interface CallContext {
  readonly timeoutMs: number;
  readonly isSetup: boolean;
  /** The names that are in use; the call's own is added. */
  readonly taken: Set<string>;
}

function meantCall(written: WrittenCall, { timeoutMs, isSetup, taken }: CallContext): SuiteCall {
  const request = requestOf(written);
  const { expect = {} } = written;
  return {
    name: written.name ?? freeName(request, taken),
    request,
    expect: {
      contains: expect.contains ?? [],
      matches: expect.matches ?? [],
      schema: expect.schema ?? null,
      isError: expect.isError ?? false,
      errorCode: expect.error ?? null,
      withinMs: expect.within ?? null,
    },
    timeoutMs: written.timeout ?? timeoutMs,
    retries: written.retries ?? 0,
    writes: written.writes ?? false,
    isSetup,
  };
}

function requestOf({ tool, prompt, resource, arguments: own = {} }: WrittenCall): SuiteRequest {
  if (tool !== undefined) return { kind: 'tool', name: tool, arguments: own };
  if (prompt === undefined) return { kind: 'resource', uri: resource ?? '' };
  return { kind: 'prompt', name: prompt, arguments: own as Readonly<Record<string, string>> };
}

/** `tool search`, and for further ones `tool search (2)`. */
function freeName(request: SuiteRequest, taken: Set<string>): string {
  const base = `${request.kind} ${request.kind === 'resource' ? request.uri : request.name}`;
  let name = base;
  for (let number = 2; taken.has(name); number += 1) name = `${base} (${number})`;
  taken.add(name);
  return name;
}
