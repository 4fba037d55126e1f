import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig, loadConfigText } from '../../config/load.js';
import { formatProblems } from '../../config/problem.js';
import type { CanaryConfig, ServiceConfig } from '../../config/types.js';

const EXAMPLE = new URL('../../config/canary.yaml', import.meta.url).pathname;
const env = { HOME: '/home/op' };

function load(text: string): CanaryConfig {
  const result = loadConfigText('/etc/canary.yaml', text, env);
  if (!result.ok) throw new Error(formatProblems(result.problems, { color: false }));
  return result.config;
}

/** The service `a` of a file with the given keys (YAML in braces) for it and for `defaults`. */
function service(own: string, defaults = '{}'): ServiceConfig {
  const addresses = 'listen: 8080, stable: 8081, canary: 8082';
  const text = `defaults: ${defaults}\nservices: {a: {${addresses}, ${own}}}\n`;
  return load(text).services['a']!;
}

describe('what is not written', () => {
  test('has a default', () => {
    expect(load('services: {a: {listen: 8080, stable: 8081, canary: 8082}}')).toEqual({
      file: '/etc/canary.yaml',
      groups: [],
      schedules: [],
      services: {
        a: {
          name: 'a',
          app: 'a',
          canaryApp: 'a-canary',
          ecosystem: null,
          listen: { host: '127.0.0.1', port: 8080 },
          stable: { host: '127.0.0.1', port: 8081 },
          canary: { host: '127.0.0.1', port: 8082 },
          baseline: null,
          portFrom: { kind: 'env', name: 'PORT' },
          mcpPaths: ['/mcp'],
          ssePaths: ['/sse'],
          probe: { kind: 'mcp', path: '/mcp' },
          smoke: null,
          contract: { breaking: 'refuse', allow: [] },
          steps: [{ weight: 0.1, windowMs: 7_200_000, gate: 'auto' }],
          promote: 'auto',
          promoteByMs: null,
          onDeadline: 'rollback',
          drift: 'pause',
          overrides: { header: null, always: [], never: [] },
          onInconclusive: 'hold',
          maxWindowMs: 14_400_000,
          bakeMs: 600_000,
          readyMs: 60_000,
          drain: { callsMs: 30_000, sessionsMs: 60_000 },
          judge: {
            errors: { maxRatio: 0.25, timesStable: 1.5, overStable: 0.005 },
            latency: { timesStable: 2, warmUpMs: 60_000 },
            memory: {
              maxRssBytes: null,
              horizonMs: 86_400_000,
              timesStable: 1.5,
              warmUpMs: 300_000,
            },
            logs: { errorPatterns: expect.any(Array) as unknown, timesStable: 3 },
            minimum: { calls: 50, sessions: 5 },
            alpha: 0.01,
            early: false,
          },
          checks: [],
          release: null,
          intervalMs: 5000,
          replay: 'safe',
          sessionIdleMs: 3_600_000,
          maxSessions: 10_000,
          callTimeoutMs: 600_000,
          bodyTimeoutMs: 30_000,
          maxWaiting: 10_000,
          patienceMs: 10_000,
          canaryEnv: {},
        },
      },
      orchestrator: {
        listen: { host: '127.0.0.1', port: 9765 },
        retention: { maxAgeMs: 7_776_000_000, maxSizeBytes: 1_073_741_824 },
      },
      proxy: { metrics: { host: '127.0.0.1', port: 9766 }, drainMs: 4_000 },
      notify: [],
      digest: expect.stringMatching(/^[0-9a-f]{16}$/),
      pm2Home: '/home/op/.pm2',
    });
  });

  test('is found by the default log patterns, which know an error line from others', () => {
    const patterns = service('').judge.logs.errorPatterns.map((source) => new RegExp(source));
    const isError = (line: string) => patterns.some((pattern) => pattern.test(line));
    const errors = [
      'Traceback (most recent call last):',
      '2026-01-01 00:00:00 ERROR scraper: no page',
      '{"level":50,"msg":"x"}',
      '{"level": "error"}',
      '{"severity":"ERROR","message":"x"}',
      'ts=1 level=error msg=x',
      'error: no page',
      '2026-01-01T00:00:00: Traceback (most recent call last):',
      '2026-01-01 00:00:00 +01:00: TypeError: x',
      '{"message":"Traceback (most recent call last):\\n","type":"err"}',
      'TypeError: x is not a function',
      'Uncaught Error: x',
    ];
    const others = [
      'INFO 0 errors',
      '{"level":30,"msg":"x"}',
      'no error',
      'ValueErrors',
      '{"level":500}',
      '0 errors: fine',
      'level=error_free',
      'a Traceback',
    ];
    expect(errors.filter((line) => !isError(line))).toEqual([]);
    expect(others.filter(isError)).toEqual([]);
  });

  test('comes from the app', () => {
    expect(service('app: x')).toMatchObject({ app: 'x', canaryApp: 'x-canary' });
    expect(service('app: x, baselineAt: 8083', '{baseline: fresh}').baseline).toEqual({
      app: 'x-baseline',
      at: { host: '127.0.0.1', port: 8083 },
    });
    expect(service('baselineAt: 8083').baseline).toBeNull();
    expect(service('mcpPaths: [/x, /y]').probe).toEqual({ kind: 'mcp', path: '/x' });
    expect(service('mcpPaths: []').probe).toEqual({ kind: 'tcp' });
    expect(service('steps: "1% for 1m, 2% for 3m"').maxWindowMs).toBe(360_000);
  });

  test('PM2_HOME comes from the environment, the file is relative to its folder', () => {
    const text = 'services: {a: {listen: 8080, stable: 8081, canary: 8082}}\n';
    const homeOf = (more: string, vars: NodeJS.ProcessEnv) => {
      const result = loadConfigText('/etc/canary.yaml', text + more, vars);
      return result.ok && result.config.pm2Home;
    };
    expect(homeOf('', { ...env, PM2_HOME: '/srv/pm2' })).toBe('/srv/pm2');
    expect(homeOf('pm2Home: x', { ...env, PM2_HOME: '/srv/pm2' })).toBe('/etc/x');
    expect(homeOf('pm2Home: ~/x', env)).toBe('/home/op/x');
  });
});

describe('levels', () => {
  test('the service goes before the defaults of the file, key by key', () => {
    const { judge, drain, canaryEnv, promote } = service(
      'limits: {errors: 5%, memory: {warmUp: 1m}}, drain: {calls: 1s}, canaryEnv: {A: own}',
      '{promote: manual, limits: {memory: 1GB, logs: {errorPatterns: [x]}}, drain: {sessions: 2s, calls: 3s}, canaryEnv: {A: x, B: y}}',
    );
    expect(promote).toBe('manual');
    expect(judge.errors).toEqual({ maxRatio: 0.05, timesStable: 1.5, overStable: 0.005 });
    expect(judge.memory).toMatchObject({ maxRssBytes: 1e9, warmUpMs: 60_000 });
    expect(judge.logs).toEqual({ errorPatterns: ['x'], timesStable: 3 });
    expect(drain).toEqual({ callsMs: 1000, sessionsMs: 2000 });
    expect(canaryEnv).toEqual({ A: 'own', B: 'y' });
  });

  test('a list of checks is replaced as a whole', () => {
    const one = '{checks: [{name: one, http: "http://h/"}]}';
    expect(service('', one).checks.map(({ name }) => name)).toEqual(['one']);
    expect(service('checks: []', one).checks).toEqual([]);
  });

  test('null takes the limit of the defaults away again', () => {
    const { judge } = service('limits: {memory: {max: null}}', '{limits: {memory: 1GB}}');
    expect(judge.memory.maxRssBytes).toBeNull();
  });

  test('alternatives are replaced as a whole', () => {
    expect(service('probe: tcp', '{probe: "http:/x"}').probe).toEqual({ kind: 'tcp' });
    const { portFrom } = service('portFrom: env:P', '{portFrom: "arg:--port"}');
    expect(portFrom).toEqual({ kind: 'env', name: 'P' });
  });

  test('steps on the one side, weight and window on the other replace each other', () => {
    const steps = '{steps: 1% for 1m}';
    expect(service('weight: 20%', steps).steps).toEqual([
      { weight: 0.2, windowMs: 7_200_000, gate: 'auto' },
    ]);
    expect(service('weight: 20%', '{window: 5m}').steps).toEqual([
      { weight: 0.2, windowMs: 300_000, gate: 'auto' },
    ]);
    expect(service('steps: [{weight: 1%, window: 1m}]', '{weight: 20%}').steps).toEqual([
      { weight: 0.01, windowMs: 60_000, gate: 'auto' },
    ]);
    expect(service('promote: auto', steps).steps).toEqual([
      { weight: 0.01, windowMs: 60_000, gate: 'auto' },
    ]);
  });
});

test('anchors and merge keys work', () => {
  const { services } = load(
    [
      'services:',
      '  a: &a {listen: 1, stable: 2, canary: 3, window: 7m}',
      '  b: {<<: *a, listen: 4, stable: 5, canary: 6}',
    ].join('\n'),
  );
  expect(services['b']?.steps).toEqual([{ weight: 0.1, windowMs: 420_000, gate: 'auto' }]);
});

test('a service may have any name, and no other name finds one', () => {
  const { services } = load('services: {constructor: {listen: 1, stable: 2, canary: 3}}');
  expect(services['constructor']).toMatchObject({ name: 'constructor' });
  expect(load('services: {a: {listen: 1, stable: 2, canary: 3}}').services['constructor']).toBe(
    undefined,
  );
});

test('the result is frozen all through', () => {
  const open = (value: unknown): boolean =>
    typeof value === 'object' &&
    value !== null &&
    (!Object.isFrozen(value) || Object.values(value).some(open));
  expect(open(load(readFileSync(EXAMPLE, 'utf8')))).toBe(false);
});

test('steps that go down are a warning', () => {
  const text = 'services: {a: {listen: 1, stable: 2, canary: 3, steps: "50% for 1h, 10% for 1h"}}';
  const result = loadConfigText('canary.yaml', text, env);
  expect(result).toMatchObject({
    ok: true,
    warnings: [
      {
        path: 'services.a.steps',
        message: 'got weights that go down (50%, 10%), wanted them to rise',
      },
    ],
  });
});

test('a gate stands between two steps, not after the last', () => {
  const text = (steps: string): string =>
    `services: {a: {listen: 1, stable: 2, canary: 3, steps: ${steps}}}`;
  const gates = load(text('"10% for 1h, wait, 50% for 1h"')).services['a']?.steps;
  expect(gates?.map(({ gate }) => gate)).toEqual(['manual', 'auto']);
  const last = '[{weight: 10%, window: 1h, gate: manual}]';
  expect(loadConfigText('canary.yaml', text(last), env)).toMatchObject({
    ok: false,
    problems: [{ message: expect.stringContaining('wanted `promote: manual`') as unknown }],
  });
});

test('the shipped example loads, without a warning', () => {
  const result = loadConfig(EXAMPLE, env);
  if (!result.ok) throw new Error(formatProblems(result.problems, { color: false }));
  expect(result.warnings).toEqual([]);
  expect(Object.keys(result.config.services)).toEqual(['mcp-scraper', 'mcp-search']);
  expect(result.config.services['mcp-scraper']).toMatchObject({
    listen: { host: '0.0.0.0', port: 8080 },
    judge: { memory: { maxRssBytes: 380_000_000 } },
    canaryEnv: { SCHEDULER: 'off' },
  });
  expect(result.config.services['mcp-search']?.judge.memory.maxRssBytes).toBe(536_870_912);
});

describe('files', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'canary-load-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const messageOf = (file: string) => {
    const result = loadConfig(file, env);
    return result.ok ? null : formatProblems(result.problems, { color: false });
  };
  const written = (bytes: string | Uint8Array) => {
    const file = join(folder, 'canary.yaml');
    writeFileSync(file, bytes);
    return file;
  };

  test('that cannot be read are told apart', () => {
    const missing = join(folder, 'x.yaml');
    expect(messageOf(missing)).toBe(`${missing}: no such file [unreadable-file]`);
    const directory = join(folder, 'd');
    mkdirSync(directory);
    expect(messageOf(directory)).toBe(
      `${directory}: got a folder, wanted a YAML file [unreadable-file]`,
    );
    const loop = join(folder, 'loop');
    symlinkSync(loop, loop);
    expect(messageOf(loop)).toBe(`${loop}: cannot be read (ELOOP) [unreadable-file]`);
    expect(messageOf('/dev/null')).toBe(
      '/dev/null: got something that is not a regular file, wanted a YAML file [unreadable-file]',
    );
  });

  test('that are too large or not text are refused', () => {
    const large = written(' '.repeat((1 << 20) + 1));
    expect(messageOf(large)).toBe(
      `${large}: got 1048577 bytes, wanted at most 1048576 [unreadable-file]`,
    );
    const binary = written(Uint8Array.of(0x61, 0xff));
    expect(messageOf(binary)).toBe(
      `${binary}: got bytes that are not UTF-8, wanted UTF-8 text [unreadable-file]`,
    );
  });

  test('may have a byte order mark and Windows line ends', () => {
    const text = '\ufeffservices:\r\n  a:\r\n    listen: 1\r\n    stable: 2\r\n    canary: 3\r\n';
    expect(loadConfig(written(text), env)).toMatchObject({ ok: true });
  });
});

describe('whatever the text, the loader answers', () => {
  const answers = (text: string) => {
    const result = loadConfigText('canary.yaml', text, env);
    if (result.ok) return;
    expect(result.problems.length).toBeGreaterThan(0);
    for (const { place } of result.problems) {
      if (place === null) continue;
      expect(place.line).toBeGreaterThan(0);
      expect(place.column).toBeGreaterThan(0);
      expect(place.caretAt + place.caretWidth).toBeLessThanOrEqual(place.excerpt.length + 1);
    }
    formatProblems(result.problems, { color: true });
  };

  test('for any text', () => {
    const yamlLike = fc.stringMatching(/^[a-c0-9:{}[\],&*!<>|'"%@#\n \t?-]{0,60}$/);
    fc.assert(fc.property(fc.oneof(fc.string(), yamlLike), answers), { numRuns: 400 });
  });

  test('for any document', () => {
    const document = fc.anything({ withObjectString: true, withNullPrototype: true });
    const inPlace = fc.record({
      defaults: fc.oneof(fc.object(), fc.constant({})),
      services: fc.dictionary(fc.constantFrom('a', 'b', '__proto__', ''), fc.object()),
    });
    fc.assert(
      fc.property(fc.oneof(document, inPlace), (value) => answers(asYaml(value))),
      { numRuns: 150 },
    );
  });

  test('for the example with a part cut out or put in', () => {
    const example = readFileSync(EXAMPLE, 'utf8');
    const at = fc.nat({ max: example.length });
    fc.assert(
      fc.property(at, fc.nat({ max: 20 }), fc.string({ maxLength: 5 }), (start, length, text) => {
        answers(example.slice(0, start) + text + example.slice(start + length));
      }),
      { numRuns: 60 },
    );
  });

  test('for aliases that multiply, lists without end and cycles', () => {
    const bomb = ['a: &a [x, x]'];
    for (let i = 0; i < 20; i++) bomb.push(`${'b'.repeat(i + 1)}: &${'b'.repeat(i + 1)} [*a, *a]`);
    answers(bomb.join('\n').replaceAll(/\[\*a, \*a\]/g, '[*a, *a, *a, *a, *a, *a, *a, *a]'));
    answers('['.repeat(100_000));
    answers('services: &s {a: *s}');
    answers('services: &s {a: {<<: *s}}');
  });
});

/** What YAML has no words for (functions, symbols) is left to the text test. */
function asYaml(value: unknown): string {
  try {
    return stringify(value ?? null);
  } catch {
    return '';
  }
}
