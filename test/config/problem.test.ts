import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadConfigText } from '../../config/load.js';
import { formatProblems, type Problem } from '../../config/problem.js';

function problemsOf(text: string): readonly Problem[] {
  const result = loadConfigText('canary.yaml', text, {});
  return result.ok ? [] : result.problems;
}

const shown = (text: string) => formatProblems(problemsOf(text), { color: false });
const lines = (...all: string[]) => all.join('\n');

describe('each problem shows where, what was got and what is wanted', () => {
  test('a wrong value', () => {
    expect(shown('services:\n  a: {listen: 1, stable: 2, canary: 3, weight: 10}')).toBe(
      lines(
        'canary.yaml:2:48: services.a.weight: got 10, wanted a share above 0 and up to 1 (100%), such as 10% or 0.1 [bad-value]',
        '  2 |   a: {listen: 1, stable: 2, canary: 3, weight: 10}',
        '    |                                                ^^',
      ),
    );
  });

  test('all of them, in the order of the file', () => {
    const text = lines(
      'services:',
      '  scraper:',
      '    listen: 8080',
      '    stable: 808O',
      '    wieght: 10%',
      '    steps:',
      '      - {weight: 10%, window: 30}',
      '    limits:',
      '      memory: 380',
      '      logs:',
      "        errorPatterns: ['(']",
      'orchestrator:',
      '  listen: 8080',
    );
    expect(shown(text)).toBe(
      lines(
        'canary.yaml:2:3: services.scraper: canary is missing, wanted a port from 1 to 65535 or HOST:PORT, such as 8080 or 127.0.0.1:8080 [missing-value]',
        '  2 |   scraper:',
        '    |   ^^^^^^^',
        '',
        'canary.yaml:3:13: services.scraper.listen: got 127.0.0.1:8080, which orchestrator.listen already has (127.0.0.1:8080), wanted a port of its own [port-clash]',
        '  3 |     listen: 8080',
        '    |             ^^^^',
        '',
        'canary.yaml:4:13: services.scraper.stable: got "808O", wanted a port from 1 to 65535 or HOST:PORT, such as 8080 or 127.0.0.1:8080 [bad-value]',
        '  4 |     stable: 808O',
        '    |             ^^^^',
        '',
        'canary.yaml:5:5: services.scraper.wieght: unknown key, did you mean weight? [unknown-key]',
        '  5 |     wieght ...',
        '    |     ^^^^^^',
        '',
        'canary.yaml:7:31: services.scraper.steps[0].window: got 30, wanted a duration with its unit, such as 90s, 30m or 1h30m [bad-value]',
        '  7 |       - {weight: 10%, window: 30}',
        '    |                               ^^',
        '',
        'canary.yaml:9:15: services.scraper.limits.memory: got 380, wanted a size with its unit, such as 380MB (1000s), 380MiB or 380M (1024s), or a map of keys [bad-value]',
        '  9 |       memory: 380',
        '    |               ^^^',
        '',
        'canary.yaml:11:25: services.scraper.limits.logs.errorPatterns[0]: got "(", wanted a regular expression (Invalid regular expression: /(/: Unterminated group) [bad-value]',
        "  11 |         errorPatterns: ['(']",
        '     |                         ^^^',
      ),
    );
  });

  test('an empty value, at its key', () => {
    expect(shown('services:\n  a: {listen: 1, stable: 2, canary: 3}\ndefaults:\n')).toBe(
      lines(
        'canary.yaml:3:1: defaults: got nothing, wanted a map of keys [bad-value]',
        '  3 | defaults:',
        '    | ^^^^^^^^',
      ),
    );
  });

  test('a quote that is never closed, where it begins', () => {
    expect(shown('services:\n  a: "x\n  b: 1\n')).toBe(
      lines(
        'canary.yaml:2:6: not YAML: Missing closing quote [not-yaml]',
        '  2 |   a: "x',
        '    |      ^^',
      ),
    );
  });

  test('a key that stands twice, beside the others', () => {
    const text = lines(
      'services:',
      '  a: {listen: 1, stable: 2, canary: 3}',
      '  a: {listen: x, stable: 2, canary: 3}',
    );
    expect(problemsOf(text).map(({ message }) => message.split(',')[0])).toEqual([
      'a stands twice in one map',
      'got "x"',
    ]);
  });

  test.each([
    ['', 'got an empty file, wanted services'],
    ['# nothing', 'got an empty file, wanted services'],
    ['[]', 'got a list, wanted a map of keys'],
    ['defaults: {}', 'services is missing, wanted a map of services'],
    ['services: {}', 'got a map, wanted a map of at least one service'],
    ['services: {}\n---\n', 'not YAML: Source contains multiple documents'],
    ['services: {a: !x {}}', 'not YAML: Unresolved tag'],
    [
      'services: *x',
      'got YAML that cannot be read (Unresolved alias (the anchor must be set before the alias))',
    ],
    ['services: {__proto__: 1}', 'got __proto__, wanted another name'],
  ])('%j', (text, message) => {
    expect(problemsOf(text).map((problem) => problem.message)).toContain(message);
  });

  test.each([
    ['brackets', '['],
    ['list items', '- '],
    ['keys', '? '],
  ])('%s without end', (_, part) => {
    expect(problemsOf(`a:\n  ${part.repeat(100_000)}`)).toMatchObject([
      { message: 'not YAML: nested too deeply', place: { line: 2 } },
    ]);
  });
});

describe('contradictions', () => {
  const two = (a: string, b = '', defaults = '{}') =>
    lines(
      `defaults: ${defaults}`,
      'services:',
      `  a: {listen: 8080, stable: 8081, canary: 8082, ${a}}`,
      `  b: {listen: 8090, stable: 8091, canary: 8092, ${b}}`,
    );
  const found = (text: string) =>
    problemsOf(text).map(({ place, path, message }) => `${place?.line} ${path}: ${message}`);

  test('ports that clash, within a service and between services', () => {
    const text = lines(
      'services:',
      '  a: {listen: 0.0.0.0:8080, stable: 8080, canary: 8082}',
      '  b: {listen: 9765, stable: "localhost:8082", canary: "10.0.0.1:8082"}',
    );
    expect(found(text)).toEqual([
      '2 services.a.stable: got 127.0.0.1:8080, which services.a.listen already has (0.0.0.0:8080), wanted a port of its own',
      '3 services.b.listen: got 127.0.0.1:9765, which orchestrator.listen already has (127.0.0.1:9765), wanted a port of its own',
      '3 services.b.stable: got localhost:8082, which services.a.canary already has (127.0.0.1:8082), wanted a port of its own',
    ]);
  });

  test('two services with one PM2 app', () => {
    expect(found(two('app: x', 'app: x, canaryApp: y'))).toEqual([
      '4 services.b.app: got x, which is already the app of a, wanted a PM2 app of its own',
    ]);
    expect(found(two('canaryApp: b'))).toEqual([
      '3 services.a.canaryApp: got b, which is already the app of b, wanted a PM2 app of its own',
    ]);
    expect(found(two('canaryApp: x', 'canaryApp: x'))).toEqual([
      '4 services.b.canaryApp: got x, which is already the canaryApp of a, wanted a PM2 app of its own',
    ]);
    expect(found(two('app: b-canary'))).toEqual([
      '4 services.b: got b-canary, which is already the app of a, wanted a PM2 app of its own',
    ]);
  });

  test('steps beside weight or window', () => {
    expect(found(two('steps: 1% for 1m, weight: 10%'))).toEqual([
      '3 services.a.weight: got weight beside steps, wanted either steps or weight and window',
    ]);
    expect(found(two('', '', '{steps: 1% for 1m, window: 1m}'))).toEqual([
      '1 defaults.window: got window beside steps, wanted either steps or weight and window',
    ]);
  });

  test('a longest window below the window, if it counts', () => {
    const message = 'got 1h, wanted at least the longest window, 2h';
    expect(found(two('maxWindow: 1h, onInconclusive: extend'))).toEqual([
      `3 services.a.maxWindow: ${message}`,
    ]);
    expect(found(two('maxWindow: 1h'))).toEqual([]);
  });

  test("a default's fault shows once, at the default", () => {
    expect(found(two('', '', '{maxWindow: 1h, onInconclusive: extend}'))).toEqual([
      '1 defaults.maxWindow: got 1h, wanted at least the longest window, 2h',
    ]);
    expect(found(two('', '', '{weight: x}')).map((text) => text.split(':')[0])).toEqual([
      '1 defaults.weight',
    ]);
  });

  test('a key that cannot have a default', () => {
    expect(found(two('', '', '{listen: 1}'))).toEqual([
      '1 defaults.listen: has no default, wanted in each service',
    ]);
  });

  test("an environment that overrides the canary's port", () => {
    expect(found(two('canaryEnv: {PORT: "1"}'))).toEqual([
      "3 services.a.canaryEnv.PORT: got PORT, which portFrom sets to the canary's port, wanted it left out",
    ]);
    expect(found(two('canaryEnv: {PORT: "1"}, portFrom: arg:--port'))).toEqual([]);
  });

  test('an MCP probe without a path', () => {
    expect(found(two('mcpPaths: [], probe: mcp'))).toEqual([
      '3 services.a.probe: got mcp without mcpPaths, wanted mcp:/PATH, sse:/PATH, http:/PATH or tcp',
    ]);
  });

  test('a fresh baseline without an address, or with a taken one', () => {
    expect(found(two('baseline: fresh'))).toEqual([
      '3 services.a.baseline: got fresh without baselineAt, wanted a port for it',
    ]);
    expect(found(two('baseline: fresh, baselineAt: 8082'))).toEqual([
      '3 services.a.baselineAt: got 127.0.0.1:8082, which services.a.canary already has (127.0.0.1:8082), wanted a port of its own',
    ]);
  });

  test('are found beside other faults', () => {
    const text = two('canary: 8081', 'weight: x').replace('canary: 8082, ', '');
    expect(found(text).map((problem) => problem.split(':')[0])).toEqual([
      '3 services.a.canary',
      '4 services.b.weight',
    ]);
  });
});

describe('the caret', () => {
  test('marks the value, wherever it stands', () => {
    const prefix = fc.constantFrom('', '# x\n', '# äöü 漢字\n\n', '\ufeff');
    const eol = fc.constantFrom('\n', '\r\n');
    const value = fc.constantFrom('nonsense', '"non sense"', "'nön 漢字'", '123456');
    const pad = fc.nat({ max: 200 });
    fc.assert(
      fc.property(prefix, eol, value, pad, (prefix, eol, value, pad) => {
        const service = `  a: {app: ${'x'.repeat(pad % 90) || 'x'},${' '.repeat(pad)}listen: ${value}, stable: 2, canary: 3}`;
        const text = prefix + ['services:', service, ''].join(eol);
        const [problem, ...others] = problemsOf(text);
        expect(others).toEqual([]);
        const { line, column, excerpt, caretAt, caretWidth } = problem!.place!;
        expect(excerpt.slice(caretAt, caretAt + caretWidth)).toBe(value);
        const sourceLine = text.replace(/^\ufeff/, '').split(/\r?\n/)[line - 1]!;
        expect(sourceLine.slice(column - 1)).toMatch(value);
        expect(sourceLine.slice(column - 1).startsWith(value)).toBe(true);
      }),
    );
  });

  test('stands under it on a terminal: tabs, wide and combining characters', () => {
    const problem = (excerpt: string, caretAt: number, caretWidth: number): string[] =>
      formatProblems(
        [
          {
            code: 'bad-value',
            file: 'f',
            place: { line: 1, column: 1, excerpt, caretAt, caretWidth },
            path: '',
            message: 'm',
          },
        ],
        { color: false },
      ).split('\n');
    expect(problem('\ta: x', 4, 1).slice(1)).toEqual(['  1 |  a: x', '    |     ^']);
    expect(problem('漢: x', 3, 1).slice(1)).toEqual(['  1 | 漢: x', '    |     ^']);
    expect(problem('a\u0301: x', 4, 1).slice(1)).toEqual(['  1 | a\u0301: x', '    |    ^']);
    expect(problem('a: 漢x', 3, 2).slice(1)).toEqual(['  1 | a: 漢x', '    |    ^^^']);
  });
});

test('control characters of the file do not reach the terminal', () => {
  const text = shown('services: {a: "\\e[2J\u202e\u009b31m"}');
  expect(text).toContain(String.raw`got "\u001b[2J??31m"`);
  for (const control of ['\u001b', '\u009b', '\u202e']) expect(text).not.toContain(control);
});

test('colours only when asked for', () => {
  const problems = problemsOf('services: {}');
  expect(formatProblems(problems, { color: false })).not.toContain('\u001b');
  expect(formatProblems(problems, { color: true })).toContain('\u001b[31m^^^^^^^^\u001b[0m');
});

test('no more are shown than a person reads', () => {
  const keys = Array.from({ length: 150 }, (_, index) => `k${index}: 1`);
  expect(shown(keys.join('\n'))).toMatch(/\n\n\.\.\. and 51 more$/);
});
