import { describe, expect, test } from 'vitest';
import { loadConfigText, type LoadResult } from '../../config/load.js';
import type { CustomCheck } from '../../config/types.js';

function load(checks: string): LoadResult {
  const text = `services: {a: {listen: 8080, stable: 8081, canary: 8082, checks: ${checks}}}`;
  return loadConfigText('canary.yaml', text, {});
}

function check(written: string): CustomCheck {
  const result = load(`[${written}]`);
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
  return result.config.services['a']!.checks[0]!;
}

function problems(checks: string): string[] {
  const result = load(checks);
  return result.ok ? [] : result.problems.map(({ path, message }) => `${path}: ${message}`);
}

const usual = { min: null, max: null, everyMs: 30_000, timeoutMs: 10_000, failures: 3 };

describe('a check', () => {
  test('of each kind has its defaults', () => {
    expect(check('{name: q, promql: up, min: 1}')).toEqual({
      ...usual,
      name: 'q',
      source: { kind: 'promql', query: 'up', prometheus: 'http://127.0.0.1:9090' },
      min: 1,
    });
    expect(check('{name: h, http: "http://h/x"}')).toEqual({
      ...usual,
      name: 'h',
      source: { kind: 'http', url: 'http://h/x' },
    });
    expect(check('{name: c, command: ./x.sh a, every: 1m, timeout: 5s, failures: 1}')).toEqual({
      name: 'c',
      source: { kind: 'command', line: './x.sh a' },
      min: null,
      max: null,
      everyMs: 60_000,
      timeoutMs: 5000,
      failures: 1,
    });
  });

  test("has its service's values put in, but for a command, which has variables", () => {
    const query = `'up{service="{{service}}",port="{{stablePort}}"}'`;
    expect(check(`{name: q, promql: ${query}, max: 1}`).source).toMatchObject({
      query: 'up{service="a",port="8081"}',
    });
    expect(check('{name: h, http: "http://127.0.0.1:{{canaryPort}}/health"}').source).toEqual({
      kind: 'http',
      url: 'http://127.0.0.1:8082/health',
    });
    expect(check('{name: c, command: "echo {{x}}"}').source).toMatchObject({ line: 'echo {{x}}' });
  });
});

test.each([
  ['[{name: q, promql: up}]', 'got a map, wanted min or max beside promql'],
  ['[{name: q}]', 'got a map, wanted exactly one of promql, http and command'],
  ['[{name: q, command: x, max: 1}]', 'max: got 1, wanted max only beside promql'],
  ['[{name: q, promql: up, min: 2, max: 1}]', 'min: got 2, wanted a min that is not above max'],
  ['[{name: q, promql: "up{{track}}", max: 1}]', 'wanted no placeholders but {{service}}'],
  ['[{name: q, http: "http://"}]', 'wanted an address that begins with http:// or https://'],
  ['[{name: q, command: x}, {name: q, command: y}]', 'wanted a name of its own'],
  ['[{name: q, command: x, timeout: 1h}]', 'wanted a duration from 100ms to 10m'],
])('%s is refused with what was wanted', (checks, message) => {
  const found = problems(checks);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(/checks/);
  expect(found[0]).toContain(message);
});

test('an address holds no password, and a refused one is not shown', () => {
  const found = problems('[{name: h, http: "https://op:hunter2@h/x"}]');
  expect(found).toEqual([
    expect.stringMatching(
      /got "https:\/\/\*\*\*@h\/x", wanted an address without a user and a password/,
    ),
  ]);
});
