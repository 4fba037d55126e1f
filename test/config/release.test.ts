import { describe, expect, test } from 'vitest';
import { loadConfigText } from '../../config/load.js';
import type { ReleaseConfig } from '../../config/release.js';

const env = { HOME: '/home/op', CANARY_HOME: '/state' };

function load(release: string, defaults = '{}') {
  const text = `defaults: ${defaults}
services:
  a: {listen: 8080, stable: 8081, canary: 8082, release: ${release}}
`;
  return loadConfigText('/etc/canary.yaml', text, env);
}

function release(written: string, defaults?: string): ReleaseConfig | null {
  const result = load(written, defaults);
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
  return result.config.services['a']!.release;
}

/** `LINE:COLUMN path: message` of each problem. */
function problems(written: string, defaults?: string): string[] {
  const result = load(written, defaults);
  return result.ok
    ? []
    : result.problems.map(
        ({ place, path, message }) => `${place?.line}:${place?.column} ${path}: ${message}`,
      );
}

describe('a release', () => {
  test('needs commands only, in a short form or a long one', () => {
    expect(release('{prepare: [make, {run: ./x, timeout: 5s, cwd: sub, env: {A: b}}]}')).toEqual({
      dir: '/state/releases/a',
      keep: 3,
      set: [],
      prepare: [
        { line: 'make', timeoutMs: 600_000, cwd: '.', env: {} },
        { line: './x', timeoutMs: 5_000, cwd: 'sub', env: { A: 'b' } },
      ],
      overrides: {},
      dependencies: null,
      pins: null,
    });
  });

  test('says what points the app at it, and what it may change', () => {
    const written =
      '{prepare: [make], dir: rel, keep: 0, set: [mcp], dependencies: pip, pins: {allow: [anyio]}, ' +
      'interpreter: "{{releaseDir}}/py", script: s, args: ["{{mcp}}"], nodeArgs: [-u], env: {V: "{{version}}"}}';
    expect(release(written)).toMatchObject({
      dir: '/etc/rel',
      keep: 0,
      set: ['mcp'],
      overrides: {
        interpreter: '{{releaseDir}}/py',
        script: 's',
        args: ['{{mcp}}'],
        nodeArgs: ['-u'],
        env: { V: '{{version}}' },
      },
      dependencies: { kind: 'pip' },
      pins: { allow: ['anyio'], otherwise: 'warn' },
    });
  });

  test('takes from the defaults what it does not say, key by key', () => {
    const defaults = '{release: {keep: 9, prepare: [make all], env: {A: a, B: b}}}';
    expect(release('{env: {B: c}, dependencies: {run: ./list}}', defaults)).toMatchObject({
      keep: 9,
      prepare: [{ line: 'make all' }],
      overrides: { env: { A: 'a', B: 'c' } },
      dependencies: { kind: 'run', line: './list' },
    });
  });
});

test.each([
  ['{keep: 2}', '3:49 services.a.release: got a release without prepare, wanted the commands'],
  ['{prepare: []}', 'release.prepare: got a list, wanted a list of 1 to 50 commands'],
  ['{prepare: [{run: x, cmd: x}]}', 'release.prepare[0].cmd: unknown key'],
  ['{prepare: [{run: x, env: {A: 1}}]}', 'env.A: got a number, wanted text'],
  ['{prepare: [x], dir: "/a b"}', 'release.dir: got "/a b", wanted a folder whose path has only'],
  ['{prepare: [x], set: [version]}', 'set[0]: got "version", wanted a name other than'],
  ['{prepare: [x], set: [a-b, A_B]}', 'set[1]: got "A_B", wanted a name of its own'],
  ['{prepare: [x], pins: {}}', 'release.pins: got pins without dependencies, wanted dependencies'],
  ['{prepare: [x], dependencies: gem}', 'got "gem", wanted one of pip, npm'],
  ['{prepare: [x], dependencies: gem, pins: {}}', 'got "gem", wanted one of pip, npm'],
])('%s is one mistake', (written, expected) => {
  const [problem, ...others] = problems(written);
  expect(problem).toContain(expected);
  expect(others).toEqual([]);
});

describe('a placeholder that stands for nothing is shown at its place', () => {
  const known = 'wanted one of {{releaseDir}}, {{version}}, {{mcp}}; `set` lists';

  test.each([
    [
      '{set: [mcp], prepare: [ok, "x {{mcpp}}"]}',
      '3:85 services.a.release.prepare[1]: got {{mcpp}}',
    ],
    ['{set: [mcp], prepare: [{run: "{{ version }}"}]}', 'prepare[0].run: got {{ version }}'],
    ['{set: [mcp], prepare: [x], script: "{{releasedir}}"}', 'script: got {{releasedir}}'],
    ['{set: [mcp], prepare: [x], args: [a, "{{}}"]}', 'args[1]: got {{}}'],
    ['{set: [mcp], prepare: [x], env: {A: "s{{x}}"}}', 'env.A: got another placeholder'],
  ])('%s', (written, expected) => {
    const [problem, ...others] = problems(written);
    expect(others).toEqual([]);
    expect(problem).toContain(expected);
    expect(problem).toContain(known);
  });

  test('in the defaults too', () => {
    const [problem] = problems('{keep: 1}', '{release: {prepare: ["{{oops}}"]}}');
    expect(problem).toMatch(/^1:\d+ defaults\.release\.prepare\[0\]: got \{\{oops\}\}/);
  });
});
