import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../orchestrator/smoke/answer.js';
import { mismatches } from '../../../orchestrator/smoke/expect.js';
import { PLAIN_RESULT, type Expectation } from '../../../orchestrator/smoke/suite.js';

const result: Answer = {
  kind: 'result',
  tookMs: 40,
  isError: false,
  text: 'The sum is 42.',
  structured: undefined,
};
const refused: Answer = { kind: 'error', tookMs: 1, code: -32_602, message: 'no such tool' };
const told = (answer: Answer, wanted: Partial<Expectation>): string[] =>
  mismatches(answer, { ...PLAIN_RESULT, ...wanted }, true).map(
    ({ wanted: what, got }) => `${what} / ${got}`,
  );

describe('an answer', () => {
  it.each<[string, Answer, Partial<Expectation>]>([
    ['a result', result, {}],
    ['text', result, { contains: ['sum', '42'], matches: ['^The .* \\d+\\.$'] }],
    ['in time', result, { withinMs: 40 }],
    ['a tool’s error', { ...result, isError: true }, { isError: true }],
    ['a JSON-RPC error', refused, { errorCode: -32_602 }],
    ['text that is JSON', { ...result, text: '{"a": 1}' }, { schema: { required: ['a'] } }],
    ['structured', { ...result, structured: { a: 1 } }, { schema: { required: ['a'] } }],
  ])('is right: %s', (_, answer, wanted) => {
    expect(told(answer, wanted)).toEqual([]);
  });

  it.each<[string, Answer, Partial<Expectation>, string[]]>([
    ['text', result, { contains: ['43'] }, ['text that contains "43" / "The sum is 42."']],
    ['a pattern', result, { matches: ['^x'] }, ['text that matches ^x / "The sum is 42."']],
    [
      'time',
      { ...result, tookMs: 1_500 },
      { withinMs: 1_000 },
      ['an answer within 1s / one after 1s500ms'],
    ],
    [
      'a tool’s error',
      { ...result, isError: true, text: 'boom' },
      {},
      ['a result / isError: "boom"'],
    ],
    ['no error', result, { isError: true }, ['a result with isError / a result: "The sum is 42."']],
    ['an error', refused, {}, ['a result / JSON-RPC error -32602 (no such tool)']],
    [
      'another error',
      refused,
      { errorCode: -1 },
      ['JSON-RPC error -1 / JSON-RPC error -32602 (no such tool)'],
    ],
    ['nothing', { kind: 'none', tookMs: 1, reason: 'cut' }, {}, ['a result / no answer (cut)']],
    [
      'no JSON',
      result,
      { schema: {} },
      ['data that the schema accepts / text that is no JSON: "The sum is 42."'],
    ],
    [
      'other data',
      { ...result, structured: { a: 'x' } },
      { schema: { properties: { a: { type: 'number' } } } },
      ['data that the schema accepts / data that it refuses (data/a must be number)'],
    ],
  ])('is wrong: %s', (_, answer, wanted, problems) => {
    expect(told(answer, wanted)).toEqual(problems);
  });

  it('is shown as one short line, whatever it is', () => {
    const wild = `\u001b[31m\n\u0000${'ü'.repeat(10_000)}`;
    const [only] = told({ ...result, text: wild }, { contains: ['x'] });
    expect(only!.length).toBeLessThan(250);
    // eslint-disable-next-line no-control-regex -- those must not be there
    expect(only).not.toMatch(/[\u0000-\u001f]/);
  });
});
