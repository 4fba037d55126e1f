import { expect, test } from 'vitest';
import { Page } from '../../proxy/page.js';

const parts = (...texts: string[]): Buffer[] => texts.map((text) => Buffer.from(text));

test('memory is used again only when it was given back', () => {
  const page = new Page();
  const first = page.join(parts('one ', 'two'));
  const second = page.join(parts('three'));
  expect(second.buffer).not.toBe(first.buffer);
  expect([first, second].map(String)).toEqual(['one two', 'three']);
  page.giveBack(first);
  const third = page.join(parts('four'));
  expect(third.buffer).toBe(first.buffer);
  expect(String(third)).toBe('four');
  page.giveBack(third);
  expect(String(page.join(parts('longer than ', 'what was there')))).toBe(
    'longer than what was there',
  );
});
