import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { harmless } from '../../../../orchestrator/cli/terminal/harmless.js';
import { clip, pad, widthOf, wrap } from '../../../../orchestrator/cli/terminal/width.js';

describe('the width of a text', () => {
  it.each([
    ['plain', 5],
    ['検索', 4],
    ['e\u0301', 1],
    ['👍🏽 ok', 5],
    ['👩‍👩‍👧', 2],
    ['ａ', 2],
    ['−1 …', 4],
  ])('%s', (text, columns) => {
    expect(widthOf(text)).toBe(columns);
  });

  it('is kept to by what clips, pads and wraps', () => {
    const texts = fc.string({ unit: 'grapheme' }).map(harmless);
    fc.assert(
      fc.property(texts, fc.integer({ min: 2, max: 40 }), (text, columns) => {
        expect(widthOf(clip(text, columns))).toBeLessThanOrEqual(columns);
        expect(widthOf(pad(text, columns))).toBe(Math.max(columns, widthOf(text)));
        for (const line of wrap(text, columns)) expect(widthOf(line)).toBeLessThanOrEqual(columns);
      }),
      { numRuns: 200 },
    );
  });
});

describe('text of others', () => {
  it('does not steer the terminal', () => {
    expect(harmless('\u001b[2J\u0007a\tb\r\nc\u009b1m')).toBe(
      '\\x1b[2J\\x07a\tb\\x0d\\x0ac\\x9b1m',
    );
  });

  it('does not turn its direction', () => {
    expect(harmless('exe\u202etxt')).toBe('exe\\u202etxt');
  });
});
