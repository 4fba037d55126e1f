/** An answer against what was expected of it (pure). */
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/client/validators/ajv';
import { parseJson } from '../../common/parse-json.js';
import { formatDuration } from '../../config/units.js';
import type { Answer } from './answer.js';
import { excerpt } from './excerpt.js';
import type { Expectation } from './suite.js';

/** What was wanted and what came, each to be put after `wanted` and `got`. */
export interface Mismatch {
  readonly wanted: string;
  readonly got: string;
}

/** How what a server sent is told. */
interface Telling {
  readonly text: (text: string) => string;
  readonly detail: (text: string) => string;
}

const QUOTED: Telling = { text: quoted, detail: (text) => ` (${excerpt(text)})` };
const UNQUOTED: Telling = {
  text: (text) => (text === '' ? 'no text' : `text of ${text.length} characters`),
  detail: () => '',
};

/** Longer text is not matched against regular expressions: a bad one takes time with its length. */
const MAX_MATCHED_CHARS = 100_000;

/**
 * Everything that is wrong with an answer; empty when it is right.
 * @param quotes whether excerpts of the answer may be shown: to a person who asked, never in what is
 * kept, logged or sent.
 */
export function mismatches(
  answer: Answer,
  wanted: Expectation,
  quotes: boolean,
): readonly Mismatch[] {
  const told = quotes ? QUOTED : UNQUOTED;
  const kind = kindMismatch(answer, wanted, told);
  if (kind !== null) return [kind];
  const late =
    wanted.withinMs !== null && answer.tookMs > wanted.withinMs
      ? [{ wanted: `an answer within ${formatDuration(wanted.withinMs)}`, got: took(answer) }]
      : [];
  return answer.kind === 'result' ? [...late, ...contentMismatches(answer, wanted, told)] : late;
}

function took({ tookMs }: Answer): string {
  return `one after ${formatDuration(Math.round(tookMs))}`;
}

/** The answer is of another kind than the wanted one. */
function kindMismatch(
  answer: Answer,
  { errorCode, isError }: Expectation,
  told: Telling,
): Mismatch | null {
  const wanted =
    errorCode === null
      ? `a result${isError ? ' with isError' : ''}`
      : `JSON-RPC error ${errorCode}`;
  switch (answer.kind) {
    case 'none':
      return { wanted, got: `no answer (${answer.reason})` };
    case 'error':
      return answer.code === errorCode
        ? null
        : { wanted, got: `JSON-RPC error ${answer.code}${told.detail(answer.message)}` };
    case 'result':
      return errorCode === null && answer.isError === isError
        ? null
        : { wanted, got: `${answer.isError ? 'isError' : 'a result'}: ${told.text(answer.text)}` };
  }
}

function contentMismatches(
  answer: Extract<Answer, { kind: 'result' }>,
  { contains, matches, schema }: Expectation,
  told: Telling,
): Mismatch[] {
  const { text } = answer;
  const got = told.text(text);
  const matched = text.slice(0, MAX_MATCHED_CHARS);
  return [
    ...contains
      .filter((part) => !text.includes(part))
      .map((part) => ({ wanted: `text that contains ${quoted(part)}`, got })),
    ...matches
      .filter((source) => !new RegExp(source).test(matched))
      .map((source) => ({ wanted: `text that matches ${excerpt(source)}`, got })),
    ...(schema === null ? [] : schemaMismatches(answer, schema, told)),
  ];
}

function schemaMismatches(
  { structured, text }: Extract<Answer, { kind: 'result' }>,
  schema: NonNullable<Expectation['schema']>,
  told: Telling,
): Mismatch[] {
  const wanted = 'data that the schema accepts';
  const data = structured === undefined ? parseJson(text) : structured;
  if (data === undefined) return [{ wanted, got: `text that is no JSON: ${told.text(text)}` }];
  const { valid, errorMessage } = new AjvJsonSchemaValidator().getValidator(schema)(data);
  return valid ? [] : [{ wanted, got: `data that it refuses${told.detail(errorMessage)}` }];
}

function quoted(text: string): string {
  return text === '' ? 'no text' : JSON.stringify(excerpt(text));
}
