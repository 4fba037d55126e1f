import { describe, expect, test } from 'vitest';
import { loadConfigText, type LoadResult } from '../../config/load.js';
import { formatProblems } from '../../config/problem.js';

const SERVICES = `services:
  a: {listen: 8080, stable: 8081, canary: 8082}
  b: {listen: 8090, stable: 8091, canary: 8092}
`;
const load = (text: string): LoadResult => loadConfigText('canary.yaml', SERVICES + text, {});

const schedule = (keys: string): LoadResult =>
  load(`schedules: {nightly: {service: a, cron: "0 22 * * *", timeZone: UTC, ${keys}}}`);

function problems(result: LoadResult): string[] {
  return result.ok ? [] : result.problems.map(({ path, message }) => `${path}: ${message}`);
}

test('a schedule has its defaults, and its group the order', () => {
  const result = load(`groups: {all: {services: [b, a], parallel: 2, onRollback: continue}}
schedules: {nightly: {group: all, cron: "0 22 * * *", timeZone: Europe/Berlin}}`);
  expect(result.ok && result.config.schedules).toEqual([
    {
      name: 'nightly',
      target: 'group all',
      services: ['b', 'a'],
      parallel: 2,
      onRollback: 'continue',
      cron: '0 22 * * *',
      timeZone: 'Europe/Berlin',
      windows: [],
      freezes: [],
      onWindowEnd: 'finish',
      catchUpMs: 0,
      overlap: 'skip',
      jitterMs: 0,
      onlyIfChanged: false,
      releases: {},
    },
  ]);
  const only = load('groups: {all: {services: [a]}}');
  expect(only.ok && only.config.groups).toEqual([
    { name: 'all', services: ['a'], parallel: 1, onRollback: 'stop' },
  ]);
});

describe('what a scheduled release is made of', () => {
  const made = (own: string, release: string): string[] =>
    problems(
      loadConfigText(
        'canary.yaml',
        `services: {a: {listen: 80, stable: 81, canary: 82, ${own}}}
schedules: {n: {service: a, cron: "0 22 * * *", timeZone: UTC, releases: {a: ${release}}}}`,
        {},
      ),
    );
  const own = 'release: {set: [mcp], prepare: ["make {{version}} {{mcp}}"]}';

  test('fits how the service makes its releases', () => {
    expect(made(own, '{version: 1.4.0, set: {mcp: 1.23.2}, allowBreaking: true}')).toEqual([]);
    expect(made('', '{cwd: /srv}')).toEqual([]);
  });

  test.each([
    ['', '{version: 1.4.0}', 'n.releases.a: got what a release is made of, wanted release.prepare'],
    [own, '{version: 1.4.0}', 'n.releases.a: set.mcp is missing'],
    [own, '{set: {mcp: "1"}}', "n.releases.a: version is missing, which a's release is made of"],
    [
      own,
      '{version: 1.4.0, set: {mcp: "1", mpc: "1"}}',
      "n.releases.a.set.mpc: got mpc, wanted names of a's release.set: mcp",
    ],
    [
      own,
      '{version: "1; rm", set: {mcp: "1"}}',
      'n.releases.a.version: got "1; rm", wanted 1 to 64',
    ],
    [own, '{version: 1.4, set: {mcp: "1"}}', 'n.releases.a.version: got 1.4, wanted 1 to 64'],
  ])('or not: %s %s', (service, release, message) => {
    expect(made(service, release).join('\n')).toContain(message);
  });
});

describe('what is wrong', () => {
  test('is shown all at once, each with its place', () => {
    const result = load(`groups:
  all: {services: [a, c, a]}
schedules:
  one:
    service: x
    cron: 61 * * * *
    timeZone: Mars/Base
    windows: [Mon 10:00]
    freezes: [2026-12-24..2026-12-20]
  two: {group: al, cron: "0 22 * * *", timeZone: UTC}
  three: {service: a, cron: "0 12 * * *", timeZone: UTC, windows: [22:00-23:00]}
`);
    const text = result.ok ? '' : formatProblems(result.problems, { color: false });
    for (const line of [
      'canary.yaml:5:23: groups.all.services[1]: got c, which is no service, wanted one of a, b',
      'canary.yaml:5:26: groups.all.services[2]: got a twice, wanted it once',
      'canary.yaml:8:14: schedules.one.service: got x, which is no service',
      'canary.yaml:9:11: schedules.one.cron: got "61 * * * *", wanted a cron expression, such as "0 22 * * Mon-Fri" (Invalid value for minute: 61)',
      'canary.yaml:10:15: schedules.one.timeZone: got "Mars/Base", wanted a time zone',
      'canary.yaml:11:15: schedules.one.windows[0]: got "Mon 10:00", wanted weekdays and times',
      'canary.yaml:12:15: schedules.one.freezes[0]: got "2026-12-24..2026-12-20", wanted dates whose end is not before their start',
      'canary.yaml:13:16: schedules.two.group: got al, which is no group, did you mean all?',
      'canary.yaml:14:58: schedules.three.windows: got times that the cron expression "0 12 * * *" never meets',
    ]) {
      expect(text).toContain(line);
    }
    expect(problems(result)).toHaveLength(9);
  });

  test.each([
    ['releases: {b: {}}', 'schedules.nightly.releases.b: got b, which is no service here'],
    [
      'releases: {a: {cwd: next}}',
      'schedules.nightly.releases.a.cwd: got "next", wanted an absolute path',
    ],
    ['releases: {a: {args: [1]}}', 'wanted text (numbers need quotes)'],
    ['group: all', 'got both of service and group'],
    ['freezes: [Mon-Sun]', 'schedules.nightly.freezes: got freezes that leave no time'],
    ['freezes: [21:00-23:00]', 'schedules.nightly.freezes: got times that the cron expression'],
    ['onWindowEnd: stop', 'wanted one of finish, pause, rollback'],
    ['overlap: both', 'wanted one of skip, queue'],
    ['catchUp: 30d', 'wanted a duration from 0s to 7d'],
    ['jitter: 5', 'wanted a duration with its unit'],
  ])('%s is refused', (keys, message) => {
    expect(problems(schedule(keys)).join('\n')).toContain(message);
  });

  test.each([
    ['schedules: {n: {cron: "0 22 * * *", timeZone: UTC}}', 'got neither of service and group'],
    ['schedules: {n: {service: a, timeZone: UTC}}', 'cron is missing, wanted a cron expression'],
    ['schedules: {n: {service: a, cron: "0 22 * * *"}}', 'timeZone is missing, wanted a time zone'],
    ['schedules: {n: {service: a, cron: "0 0 31 2 *", timeZone: UTC}}', 'wanted a time that comes'],
    ['groups: {all: {services: []}}', 'wanted a list of 1 to 100 services'],
    ['groups: {all: {services: [a], parallel: 0}}', 'wanted a whole number from 1 to 100'],
  ])('%s is refused', (text, message) => {
    expect(problems(load(text)).join('\n')).toContain(message);
  });

  test('never shows a value of an environment', () => {
    const result = schedule('releases: {a: {env: {TOKEN: [s3cret]}}}');
    const text = result.ok ? '' : formatProblems(result.problems, { color: false });
    expect(text).toContain('schedules.nightly.releases.a.env.TOKEN: got a list');
    expect(text).not.toContain('s3cret');
  });
});

test('a service in two groups is pointed out', () => {
  const result = load('groups: {x: {services: [a]}, y: {services: [b, a]}}');
  expect(result.ok && result.warnings.map(({ message }) => message)).toEqual([
    'got a, which group x has too: its upgrades wait for each other or are left out',
  ]);
});

test('a rare time is found: a leap day in its window', () => {
  const rare =
    'schedules: {n: {service: a, cron: "0 22 29 2 *", timeZone: UTC, windows: [22:00-23:00]}}';
  expect(problems(load(rare))).toEqual([]);
});
