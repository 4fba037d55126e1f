import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NumberedText } from '../../proxy/numbered-text.js';

const lines = (text: NumberedText): string[] => text.bytes.toString().trimEnd().split('\n');
const numbers = (text: NumberedText): number[] =>
  lines(text).map((line) => Number(line.slice(line.lastIndexOf(' '))));

test('numbers that grow overwrite what was there', () => {
  fc.assert(
    fc.property(fc.array(fc.maxSafeNat(), { maxLength: 20 }), (values) => {
      const text = new NumberedText('');
      const [first, second] = [text.addLine('a'), text.addLine('b')];
      for (const value of values.sort((a, b) => a - b)) {
        text.setInteger(first, value);
        expect(numbers(text)).toEqual([value, 0]);
      }
      text.setInteger(second, 7);
      expect(numbers(text)).toEqual([values.at(-1) ?? 0, 7]);
    }),
  );
});

test('seconds are told to the microsecond', () => {
  const text = new NumberedText('');
  const place = text.addLine('sum{service="svc"}');
  for (const [seconds, written] of [
    [0.000001, '0.000001'],
    [0.9999996, '1.000000'],
    [59.05, '59.050000'],
    [946_080_000, '946080000.000000'],
  ] as const) {
    text.setSeconds(place, seconds);
    expect(lines(text)).toEqual([`sum{service="svc"} ${written.padStart(16)}`]);
  }
});

test('lines may be added at any time, and have letters of any alphabet', () => {
  const text = new NumberedText('# HELP\n');
  const places = Array.from({ length: 500 }, (_, i) => {
    const place = text.addLine(`größe{tool="日本語-${i}"}`);
    text.setInteger(place, i);
    return place;
  });
  for (const [i, place] of places.entries()) text.setInteger(place, i + 1_000);
  expect(lines(text)[0]).toBe('# HELP');
  expect(lines(text)[500]).toMatch(/^größe\{tool="日本語-499"\} +1499$/);
  expect(numbers(text).slice(1)).toEqual(places.map((_, i) => i + 1_000));
});
