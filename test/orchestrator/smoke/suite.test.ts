import { describe, expect, it } from 'vitest';
import { formatProblems } from '../../../config/problem.js';
import {
  PLAIN_RESULT,
  readSuite,
  readSuiteText,
  type Suite,
} from '../../../orchestrator/smoke/suite.js';

function suite(text: string): Suite {
  const reading = readSuiteText('suite.yaml', text);
  return reading.ok ? reading.suite : expect.fail(problems(text));
}

function problems(text: string): string {
  const reading = readSuiteText('suite.yaml', text);
  return reading.ok ? '' : formatProblems(reading.problems, { color: false });
}

describe('a suite', () => {
  it('has defaults for all that is not written, and the setup first', () => {
    const { calls } = suite(
      'calls: [{tool: a}, {tool: a}, {prompt: p}]\nsetup: [{resource: "x://y"}]',
    );
    expect(calls.map(({ name }) => name)).toEqual([
      'resource x://y',
      'tool a',
      'tool a (2)',
      'prompt p',
    ]);
    expect(calls[1]).toEqual({
      name: 'tool a',
      request: { kind: 'tool', name: 'a', arguments: {} },
      expect: PLAIN_RESULT,
      timeoutMs: 30_000,
      retries: 0,
      writes: false,
      isSetup: false,
    });
    expect(calls[0]).toMatchObject({ isSetup: true });
  });

  it('reads every expectation', () => {
    const text = `
timeout: 5s
calls:
  - name: sum
    tool: get-sum
    arguments: {a: 1}
    timeout: 2s
    retries: 3
    writes: true
    expect: {contains: [a, b], matches: ^x, schema: {type: object}, isError: true, within: 1s}
  - {tool: t, expect: {error: -32602}}`;
    const [sum, refused] = suite(text).calls;
    expect(sum).toMatchObject({ name: 'sum', timeoutMs: 2_000, retries: 3, writes: true });
    expect(sum!.expect).toEqual({
      contains: ['a', 'b'],
      matches: ['^x'],
      schema: { type: 'object' },
      isError: true,
      errorCode: null,
      withinMs: 1_000,
    });
    expect(refused).toMatchObject({ timeoutMs: 5_000, expect: { errorCode: -32_602 } });
  });
});

describe('a wrong suite', () => {
  it('is told all at once, each with its place', () => {
    const text = `
timeout: soon
calls:
  - {tool: a, expect: {contain: x}}
  - {tool: a, prompt: b}
  - {tool: a, expect: {matches: '('}}
  - {tool: a, expect: {schema: {type: strin}}}
  - {tool: a, expect: {error: -1, contains: x}}
  - {resource: 'a://b', arguments: {}, writes: true}
  - {prompt: p, arguments: {n: 1}}
  - {name: same, tool: a}
  - {name: same, tool: b, retries: 99}`;
    expect(
      problems(text)
        .split('\n')
        .filter((line) => line.startsWith('suite.yaml')),
    ).toEqual([
      'suite.yaml:2:10: timeout: got "soon", wanted a duration with its unit, such as 90s, 30m or 1h30m [bad-value]',
      'suite.yaml:4:24: calls[0].expect.contain: unknown key, did you mean contains? [unknown-key]',
      'suite.yaml:5:5: calls[1]: got a map, wanted exactly one of tool, prompt and resource [bad-value]',
      'suite.yaml:6:33: calls[2].expect.matches: got "(", wanted a regular expression (Invalid regular expression: /(/: Unterminated group), or a list of 1 to 50 regular expressions [bad-value]',
      'suite.yaml:7:24: calls[3].expect.schema: got a map, wanted a JSON Schema (type must be JSONType or JSONType[]: strin) [bad-value]',
      'suite.yaml:8:45: calls[4].expect.contains: got "x", wanted only within beside error [bad-value]',
      'suite.yaml:9:25: calls[5].arguments: got a map, wanted arguments only beside tool or prompt [bad-value]',
      'suite.yaml:9:48: calls[5].writes: got true, wanted writes only beside tool [bad-value]',
      "suite.yaml:10:32: calls[6].arguments.n: got 1, wanted text, as a prompt's arguments are [bad-value]",
      'suite.yaml:12:36: calls[8].retries: got 99, wanted a whole number from 0 to 20 [bad-value]',
    ]);
    expect(problems('calls: [{name: x, tool: a}, {name: x, tool: a}]')).toContain(
      'wanted a name of its own',
    );
  });

  it.each([
    ['', 'got an empty file, wanted calls'],
    ['calls: []', 'wanted a list of 1 to 200 calls'],
    ['tools: [a]', 'tools: unknown key'],
    ['calls: [{tool: a}', 'not YAML'],
    ['[1, 2]', 'wanted a map of keys'],
  ])('such as %j', (text, wanted) => {
    expect(problems(text)).toContain(wanted);
  });

  it('that is no file is told so', () => {
    const reading = readSuite('/nowhere/suite.yaml');
    expect(reading).toMatchObject({ ok: false, problems: [{ message: 'no such file' }] });
  });
});
