import { describe, expect, test } from 'vitest';
import { NOTIFY_DEFAULTS } from '../../config/defaults.js';
import { loadConfigText } from '../../config/load.js';
import { NOTIFY_EVENTS } from '../../config/notify.js';
import { formatProblems } from '../../config/problem.js';

const services = 'services: {a: {listen: 1, stable: 2, canary: 3}}\n';

function load(notify: string) {
  return loadConfigText('/etc/canary/canary.yaml', `${services}notify: ${notify}\n`, {});
}

function receivers(notify: string) {
  const loaded = load(notify);
  return loaded.ok ? loaded.config.notify : expect.fail(problems(notify));
}

function problems(notify: string): string {
  const loaded = load(notify);
  return loaded.ok ? 'none' : formatProblems(loaded.problems, { color: false });
}

test('a receiver is told of everything unless it says otherwise', () => {
  expect(receivers('[{name: x, command: "./x.sh -v"}]')).toEqual([
    {
      name: 'x',
      target: { kind: 'command', argv: ['/bin/sh', '-c', './x.sh -v'] },
      events: NOTIFY_EVENTS,
      services: null,
      timeoutMs: 10_000,
    },
  ]);
  expect(NOTIFY_DEFAULTS.timeout).toBe('10s');
  const narrow = '[{name: x, command: [a, b c], events: [held], services: [a], timeout: 3s}]';
  expect(receivers(narrow)[0]).toMatchObject({
    target: { argv: ['a', 'b c'] },
    events: ['held'],
    services: ['a'],
    timeoutMs: 3_000,
  });
});

test('secrets are places, and their files are looked for from the file’s folder', () => {
  const [ops, team] = receivers(
    '[{name: o, webhook: "https://h/x", secret: "file:s/key"}, {name: t, slack: "env:URL"}]',
  );
  expect(ops!.target).toEqual({
    kind: 'webhook',
    url: { kind: 'plain', url: 'https://h/x' },
    secret: { kind: 'file', path: '/etc/canary/s/key' },
  });
  expect(team!.target).toEqual({ kind: 'slack', url: { kind: 'env', name: 'URL' } });
});

describe('a mistake is shown', () => {
  test.each([
    ['[{name: x}]', 'notify[0]: got a map, wanted exactly one of webhook, slack and command'],
    ['[{name: x, slack: "env:A", command: b}]', 'wanted exactly one of webhook'],
    ['[{name: x, webhook: "http://h/"}]', 'notify[0]: got a map, wanted secret beside webhook'],
    ['[{name: x, slack: "env:A", secret: "env:B"}]', 'wanted secret only beside webhook'],
    ['[{name: x, command: a, events: [begun]}]', 'got "begun", wanted one of started, step'],
    ['[{name: x, command: a, services: [b]}]', 'got b, wanted one of the services a'],
    ['[{name: x, command: a}, {name: x, command: b}]', 'got "x", wanted a name of its own'],
    ['[{name: x, command: a, timeout: 1h}]', 'wanted a duration from 100ms to 20s'],
    ['[{name: x, comand: a}]', 'unknown key, did you mean command?'],
    ['{name: x}', 'wanted a list of 0 to 20 receivers'],
  ])('%s', (notify, message) => {
    expect(problems(notify)).toContain(message);
  });
});

describe('a secret in the wrong place is not repeated', () => {
  test.each([
    '[{name: x, slack: "https://hooks.example.com/s3cret"}]',
    '[{name: x, webhook: "https://user:s3cret@h/", secret: "env:A"}]',
    '[{name: x, webhook: "http://h/", secret: "s3cret"}]',
    '[{name: x, webhook: "http://h/s3cret"}]',
    '\n  - name: x\n    wrong: 1\n    secret: "s3cret"\n    slack: s3cret',
  ])('%s', (notify) => {
    expect(problems(notify)).toMatch(/wanted|unknown key/);
    expect(problems(notify)).not.toContain('s3cret');
  });
});
