import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { CHECK_DEFAULTS, SERVICE_DEFAULTS } from '../../config/defaults.js';
import { configJsonSchema, type JsonSchema } from '../../config/json-schema.js';
import { loadConfigText } from '../../config/load.js';

const ajv = new Ajv({ strictTypes: false, formats: { regex: isRegex } });
const validate = ajv.compile(configJsonSchema());

function isRegex(source: string): boolean {
  try {
    new RegExp(source);
    return true;
  } catch {
    return false;
  }
}

const schemaAccepts = (text: string): boolean => validate(parse(text, { merge: true }));
const loaderAccepts = (text: string): boolean => loadConfigText('canary.yaml', text, {}).ok;
const withKeys = (keys: string) =>
  `services: {a: {listen: 8080, stable: 8081, canary: 8082, ${keys}}}`;

const withSchedule = (keys: string) =>
  `${withKeys('')}\nschedules: {n: {service: a, cron: "0 22 * * *", timeZone: UTC, ${keys}}}`;

test('the shipped example is valid', () => {
  const example = readFileSync(new URL('../../config/canary.yaml', import.meta.url), 'utf8');
  expect(schemaAccepts(example), JSON.stringify(validate.errors)).toBe(true);
});

describe('the schema and the loader accept the same', () => {
  test.each([
    withKeys(''),
    withKeys('app: "my app", canaryApp: x'),
    withKeys('portFrom: arg:--port'),
    withKeys('mcpPaths: [], ssePaths: [/a, /b/c]'),
    withKeys('probe: http:/health'),
    withKeys('weight: 10%, window: 1h30m'),
    withKeys('weight: 0.1'),
    withKeys('steps: "10% for 30m, 50% for 1h"'),
    withKeys('steps: [{weight: 10%, window: 30m}]'),
    withKeys('promote: manual, onInconclusive: extend, maxWindow: 4h'),
    withKeys('limits: {errors: 5%, memory: 380MB}'),
    withKeys('limits: {errors: {max: 0.05, timesStable: 2}, memory: {max: null, horizon: 1d}}'),
    withKeys('limits: {latency: {timesStable: 3}, logs: {errorPatterns: []}}'),
    withKeys('minimum: {calls: 1}, alpha: 0.05, early: true'),
    withKeys('canaryEnv: {A_B: x}'),
    withKeys('bake: 0s, drain: {calls: 0s}'),
    withKeys('checks: []'),
    withKeys('release: {prepare: [make, {run: make, timeout: 1m}], set: [mcp], keep: 0, dir: ~/x}'),
    withKeys(
      'release: {prepare: [x], dependencies: {run: ls}, pins: {allow: ["@a/b"]}, env: {A: b}}',
    ),
    withKeys('checks: [{name: a, promql: up, max: 1}, {name: b, promql: up, min: -1, max: 1}]'),
    withKeys(
      'checks: [{name: a, promql: "up{a=\\"b\\"}", prometheus: "http://h:{{stablePort}}", min: 0}]',
    ),
    withKeys('checks: [{name: a, http: "https://h/x", every: 1m, timeout: 1s, failures: 1}]'),
    withKeys('checks: [{name: a, command: ./check.sh}]'),
    'defaults: {}\nservices: {a: {listen: "0.0.0.0:1", stable: "[::1]:2", canary: "h:3"}}',
    'services: {a: &a {listen: 1, stable: 2, canary: 3}, b: {<<: *a, listen: 4, stable: 5, canary: 6}}',
    `${withKeys('')}\ngroups: {g: {services: [a], parallel: 2, onRollback: continue}}`,
    withSchedule('windows: [Mon-Fri 22:00-22:20, "Sat,Sun"], freezes: ["2026-12-20..2027-01-06"]'),
    withSchedule(
      'onWindowEnd: pause, catchUp: 30m, overlap: queue, jitter: 5m, onlyIfChanged: true',
    ),
    withSchedule('releases: {a: {cwd: /srv/a, args: [x], env: {A: b, C: null}}}'),
    `${withKeys('')}\nnotify: []`,
    `${withKeys('')}\nnotify: [{name: a, webhook: "http://h/x", secret: "env:S"}]`,
    `${withKeys('')}\nnotify: [{name: a, slack: "file:/x"}, {name: b, command: [x, "y"], services: [a]}]`,
    `${withKeys('')}\nnotify: [{name: a, command: x, events: [held, step], timeout: 1s}]`,
    `${withKeys('')}\norchestrator: {listen: 1}\nproxy: {metrics: 2}\npm2Home: x`,
    `${withKeys('')}\norchestrator: {retention: {maxAge: 30d, maxSize: 200MB}}\nproxy: {drain: 10s}`,
  ])('%s', (text) => {
    expect(loaderAccepts(text)).toBe(true);
    expect(schemaAccepts(text), JSON.stringify(validate.errors)).toBe(true);
  });
});

describe('the schema and the loader refuse the same', () => {
  test.each([
    '{}',
    '[]',
    'services:',
    'services: {}',
    'services: {a: }',
    withSchedule('group: a'),
    withSchedule('windows: [Monday]'),
    withSchedule('releases: {a: {cwd: next}}'),
    `${withKeys('')}\ngroups: {g: {}}`,
    `${withKeys('')}\nschedules: {n: {service: a, timeZone: UTC}}`,
    'services: {a: {listen: 1, stable: 2}}',
    'services: {-a: {listen: 1, stable: 2, canary: 3}}',
    'services: {a: {listen: 0, stable: 2, canary: 3}}',
    'services: {a: {listen: x, stable: 2, canary: 3}}',
    'services: {a: {listen: 1.5, stable: 2, canary: 3}}',
    'services: {a: {listen: 65536, stable: 2, canary: 3}}',
    `defaults: {listen: 1}\n${withKeys('')}`,
    `defaults:\n${withKeys('')}`,
    `other: 1\n${withKeys('')}`,
    `orchestrator: {port: 1}\n${withKeys('')}`,
    `orchestrator: {retention: 90d}\n${withKeys('')}`,
    `orchestrator: {retention: {maxSize: 5}}\n${withKeys('')}`,
    `proxy: {drain: 4}\n${withKeys('')}`,
    withKeys('wieght: 10%'),
    withKeys('weight: 10'),
    withKeys('weight: 0'),
    withKeys('weight: 101%'),
    withKeys('window: 5'),
    withKeys('window: 2 hours'),
    withKeys('steps: []'),
    withKeys('steps: 10%'),
    withKeys('steps: [{weight: 10%}]'),
    withKeys('steps: [{weight: 10%, window: 1h, x: 1}]'),
    withKeys('steps: 10% for 1h, weight: 10%'),
    withKeys('steps: 10% for 1h, window: 1h'),
    withKeys('app: ""'),
    withKeys('portFrom: PORT'),
    withKeys('probe: ping'),
    withKeys('mcpPaths: [mcp]'),
    withKeys('mcpPaths: /mcp'),
    withKeys('promote: yes'),
    withKeys('early: 1'),
    withKeys('limits: 5%'),
    withKeys('limits: {errors: {maximum: 5%}}'),
    withKeys('limits: {memory: 380}'),
    withKeys('limits: {memory: 380MBit}'),
    withKeys('limits: {errors: {timesStable: 0}}'),
    withKeys('limits: {logs: {errorPatterns: ["("]}}'),
    withKeys('minimum: {calls: 0}'),
    withKeys('minimum: {calls: 1.5}'),
    withKeys('alpha: 0'),
    withKeys('maxSessions: "10"'),
    withKeys('canaryEnv: {A: 1}'),
    withKeys('canaryEnv: {"A B": x}'),
    `${withKeys('')}\nnotify: [{name: a}]`,
    `${withKeys('')}\nnotify: [{name: a, webhook: "http://h/x"}]`,
    `${withKeys('')}\nnotify: [{name: a, webhook: "ftp://h/x", secret: "env:S"}]`,
    `${withKeys('')}\nnotify: [{name: a, slack: "https://h/x"}]`,
    `${withKeys('')}\nnotify: [{name: a, slack: "env:S", secret: "env:S"}]`,
    `${withKeys('')}\nnotify: [{name: a, slack: "env:S", command: x}]`,
    `${withKeys('')}\nnotify: [{name: a, command: []}]`,
    `${withKeys('')}\nnotify: [{name: a, command: x, events: [x]}]`,
    withKeys('checks: {}'),
    withKeys('checks: [{http: "http://h/"}]'),
    withKeys('checks: [{name: a b, http: "http://h/"}]'),
    withKeys('checks: [{name: a}]'),
    withKeys('checks: [{name: a, http: "http://h/", command: x}]'),
    withKeys('checks: [{name: a, promql: up, http: "http://h/", max: 1}]'),
    withKeys('checks: [{name: a, promql: up}]'),
    withKeys('checks: [{name: a, http: "http://h/", max: 1}]'),
    withKeys('checks: [{name: a, command: x, prometheus: "http://h/"}]'),
    withKeys('checks: [{name: a, http: "ftp://h/"}]'),
    withKeys('checks: [{name: a, command: ""}]'),
    withKeys('checks: [{name: a, command: x, every: 10}]'),
    withKeys('checks: [{name: a, command: x, failures: 0}]'),
    withKeys('checks: [{name: a, command: x, retries: 1}]'),
  ])('%s', (text) => {
    expect(loaderAccepts(text)).toBe(false);
    expect(schemaAccepts(text)).toBe(false);
  });
});

describe('editors learn', () => {
  const schema = configJsonSchema();
  const ofServices = schema.properties!['services']!.additionalProperties as JsonSchema;

  test.each([
    ['defaults', schema.properties!['defaults']!.properties!],
    ['a service', ofServices.properties!],
  ])('what each key of %s is for, its default, and how a value looks', (_, keys) => {
    for (const [key, value] of Object.entries(keys)) {
      expect(value, key).toHaveProperty('description');
    }
    expect(keys['bake']).toHaveProperty('default', SERVICE_DEFAULTS.bake);
    expect(keys['canaryEnv']).toHaveProperty('default', {});
    expect(keys['drain']!.properties!['calls']).toHaveProperty('default', '30s');
    expect(keys['limits']!.properties!['errors']!.anyOf![1]!.properties).toMatchObject({
      max: { default: '25%' },
    });
    expect(keys['weight']).toHaveProperty('examples', ['10%', 0.1]);
  });
});

test('the defaults of a check are at its keys', () => {
  const schema = configJsonSchema();
  expect(schema.properties!['defaults']!.properties!['checks']!.items!.properties).toMatchObject({
    every: { default: CHECK_DEFAULTS.every, description: 'How often it is made.' },
    failures: { default: CHECK_DEFAULTS.failures },
  });
});
