import { expect, test } from 'vitest';
import { inert, reportMarkdown, sparks } from '../../../orchestrator/report/markdown.js';
import { HOSTILE, hostileContent } from './hostile.js';

test.each([
  ['*a* _b_ `c`', '\\*a\\* \\_b\\_ \\`c\\`'],
  ['<b> [x](y) | z', '\\<b\\> \\[x\\](y) \\| z'],
  ['@all #12', '@\u200ball \\#\u200b12'],
  ['https://x.y www.x.y', 'https:\u200b//x.y www\u200b.x.y'],
  ['a\nb\u001b[2J', 'a b \\[2J'],
  ['1. one', '\u200b1. one'],
  ['- one', '\u200b- one'],
  ['0.5 - 1', '0.5 - 1'],
])('%j stays text', (text, wanted) => {
  expect(inert(text)).toBe(wanted);
});

test('a hostile rollout has as many lines, tables and headings as a tame one', () => {
  const text = reportMarkdown(hostileContent());
  const tame = text.replaceAll(inert(HOSTILE), 'tame');
  expect(text).not.toBe(tame);
  const shape = (of: string) => of.split('\n').map((line) => /^(#+ |- |\|)?/.exec(line)?.[0]);
  expect(shape(text)).toEqual(shape(tame));
  expect(tame).not.toMatch(/<|javascript|everyone|evil/);
});

test('values over time are a line of blocks, with a space where nothing was seen', () => {
  expect(sparks([1, null, 8, 4])).toBe('▁ █▄');
  expect(sparks(Array.from({ length: 480 }, (_, i) => i))).toHaveLength(48);
  expect(sparks([5, 5])).toBe('▁▁');
});
