import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ADDRESS_PATTERN,
  DURATION_PATTERN,
  MAX_DURATION_MS,
  PERCENT_PATTERN,
  PORT_FROM_PATTERN,
  PROBE_PATTERN,
  SIZE_PATTERN,
  STEPS_PATTERN,
  formatAddress,
  formatDuration,
  formatRatio,
  parseAddress,
  parseDuration,
  parsePortFrom,
  parseProbe,
  parseRatio,
  parseSize,
  parseSteps,
  parseWeight,
} from '../../config/units.js';

const ok = (value: unknown) => ({ ok: true, value });

describe('durations', () => {
  test.each([
    ['2h', 7_200_000],
    ['1h30m', 5_400_000],
    ['1h 30m', 5_400_000],
    ['90s', 90_000],
    ['500ms', 500],
    ['1m500ms', 60_500],
    ['1.5h', 5_400_000],
    ['1d', 86_400_000],
    ['0s', 0],
  ])('%s is %i ms', (text, ms) => expect(parseDuration(text)).toEqual(ok(ms)));

  test.each([
    '',
    ' ',
    '5',
    5,
    '2 hours',
    '30m1h',
    '1h1h',
    '-1s',
    '1e3s',
    '25d',
    'h',
    null,
    [],
    '2H',
  ])('%j is refused', (value) => expect(parseDuration(value)).toMatchObject({ ok: false }));

  test('bounds are part of what is wanted', () => {
    expect(parseDuration('50ms', { minMs: 100, maxMs: 60_000 })).toEqual({
      ok: false,
      wanted: 'a duration from 100ms to 1m',
    });
  });

  test('what is formatted reads as the same', () => {
    fc.assert(
      fc.property(fc.nat({ max: MAX_DURATION_MS }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toEqual(ok(ms));
      }),
    );
  });
});

describe('sizes', () => {
  test.each([
    ['380MB', 380_000_000],
    ['380MiB', 398_458_880],
    ['300M', 314_572_800],
    ['1.5 GB', 1_500_000_000],
    ['1GiB', 1_073_741_824],
    ['64k', 65_536],
    ['64kb', 64_000],
    ['5B', 5],
  ])('%s is %i bytes', (text, bytes) => expect(parseSize(text)).toEqual(ok(bytes)));

  test.each([380, '380', 'MB', '-1MB', '0MB', '1MBit', '999999999999TB', '1 000MB', null])(
    '%j is refused',
    (value) => expect(parseSize(value)).toMatchObject({ ok: false }),
  );

  test('a bare letter is the same as its binary unit, as in PM2', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.constantFrom('K', 'M', 'G'), (n, unit) => {
        expect(parseSize(`${n}${unit}`)).toEqual(parseSize(`${n}${unit}iB`));
      }),
    );
  });
});

describe('ratios', () => {
  test.each([
    ['10%', 0.1],
    ['0.5 %', 0.005],
    ['0.7%', 0.007],
    ['100%', 1],
    ['0%', 0],
    [0.25, 0.25],
    [1, 1],
  ])('%j is %f', (written, ratio) => expect(parseRatio(written)).toEqual(ok(ratio)));

  test.each(['101%', '10', 10, -0.1, Number.NaN, Infinity, '%', '100.1%', '1e1%', true])(
    '%j is refused',
    (value) => expect(parseRatio(value)).toMatchObject({ ok: false }),
  );

  test('a weight of nothing is no weight', () => {
    expect(parseWeight('0%')).toMatchObject({ ok: false });
    expect(parseWeight(0)).toMatchObject({ ok: false });
  });

  test('what is formatted reads as the same', () => {
    fc.assert(
      fc.property(fc.nat({ max: 100_000 }), (n) => {
        const ratio = n / 100_000;
        expect(parseRatio(formatRatio(ratio))).toEqual(ok(ratio));
      }),
    );
  });
});

describe('addresses', () => {
  test.each([
    [8080, '127.0.0.1', 8080],
    ['8080', '127.0.0.1', 8080],
    ['0.0.0.0:8080', '0.0.0.0', 8080],
    ['[::1]:80', '::1', 80],
    ['LocalHost:80', 'localhost', 80],
    ['mcp-1.lan:80', 'mcp-1.lan', 80],
  ])('%j is %s and %i', (written, host, port) =>
    expect(parseAddress(written)).toEqual(ok({ host, port })),
  );

  test.each([
    0,
    65_536,
    80.5,
    -1,
    '',
    ':80',
    '*:80',
    '::1:80',
    '[::1]',
    '[1.2.3.4]:80',
    '300.1.1.1:80',
    '1.2.3:80',
    'a..b:80',
    '-a:80',
    'http://a:80',
    'host',
    true,
  ])('%j is refused', (value) => expect(parseAddress(value)).toMatchObject({ ok: false }));

  test('what is formatted reads as the same', () => {
    const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant('localhost'));
    fc.assert(
      fc.property(host, fc.integer({ min: 1, max: 65_535 }), (host, port) => {
        const address = { host, port };
        const parsed = parseAddress(formatAddress(address));
        expect(parsed).toEqual(ok(address));
      }),
    );
  });
});

test('how an app learns its port', () => {
  expect(parsePortFrom('env:PORT')).toEqual(ok({ kind: 'env', name: 'PORT' }));
  expect(parsePortFrom('arg:--port')).toEqual(ok({ kind: 'arg', flag: '--port' }));
  expect(parsePortFrom('arg:-p')).toEqual(ok({ kind: 'arg', flag: '-p' }));
  for (const bad of ['PORT', 'env:', 'env:1A', 'env:A=B', 'arg:port', 'arg:--', 'arg:--a b', 5]) {
    expect(parsePortFrom(bad), String(bad)).toMatchObject({ ok: false });
  }
});

test('probes', () => {
  expect(parseProbe('tcp')).toEqual(ok({ kind: 'tcp' }));
  expect(parseProbe('mcp')).toEqual(ok({ kind: 'mcp', path: null }));
  expect(parseProbe('mcp:/a/b')).toEqual(ok({ kind: 'mcp', path: '/a/b' }));
  expect(parseProbe('sse:/sse')).toEqual(ok({ kind: 'sse', path: '/sse' }));
  expect(parseProbe('http:/health')).toEqual(ok({ kind: 'http', path: '/health' }));
  for (const bad of ['http', 'http:health', 'https:/x', 'mcp:/a b', 'http:/a?b', null]) {
    expect(parseProbe(bad), String(bad)).toMatchObject({ ok: false });
  }
});

test('steps', () => {
  expect(parseSteps('10% for 30m, wait, 25% for 30m,50% for 1h')).toEqual(
    ok([
      { weight: 0.1, windowMs: 1_800_000, gate: 'manual' },
      { weight: 0.25, windowMs: 1_800_000, gate: 'auto' },
      { weight: 0.5, windowMs: 3_600_000, gate: 'auto' },
    ]),
  );
  const tooMany = Array.from({ length: 21 }, () => '10% for 1m').join(', ');
  for (const bad of [
    '',
    '10%',
    '10% for',
    '10% 30m',
    '0% for 1m',
    '10% for 0s',
    '10% for 1m,',
    'wait',
    'wait, 10% for 1m',
    '10% for 1m, wait',
    '10% for 1m, wait, wait, 20% for 1m',
    tooMany,
  ]) {
    expect(parseSteps(bad), bad).toMatchObject({ ok: false });
  }
});

test('no parser throws, and none takes text that its pattern refuses', () => {
  const parsers = [
    [parseDuration, DURATION_PATTERN],
    [parseSize, SIZE_PATTERN],
    [parseRatio, PERCENT_PATTERN],
    [parseAddress, ADDRESS_PATTERN],
    [parsePortFrom, PORT_FROM_PATTERN],
    [parseProbe, PROBE_PATTERN],
    [parseSteps, STEPS_PATTERN],
  ] as const;
  const nearly = fc.stringMatching(/^[0-9.%a-zA-Z:[\] ,/-]{0,20}$/);
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.string(), nearly), (value) => {
      for (const [parse, pattern] of parsers) {
        const parsed = parse(value);
        if (parsed.ok && typeof value === 'string') expect(value).toMatch(new RegExp(pattern));
      }
    }),
    { numRuns: 1000 },
  );
});
